import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { inject } from "vitest";

// A fixed seed, so that a failure can be reproduced.
fc.configureGlobal({ seed: 20240510 });

// Starts the project's backend or throws. A missing backend fails the tests instead of skipping them.
// The backend is ready before the test file is read, so that tests can make tensors outside of a test.
const { backend, host, hasLossKernels, hasTrainingKernels } = inject("backend");
if (host === "chromium") {
  if (backend === "webgl") await import("@tensorflow/tfjs-backend-webgl");
  else await import("@tensorflow/tfjs-backend-webgpu");
  await startBackend(backend);
} else {
  const { startNodeBackend } = await import("../scripts/node-backends.ts");
  await startNodeBackend(backend);
}
if (hasTrainingKernels) {
  const { registerTrainingKernels } = await import("../src/wasm/index.ts");
  registerTrainingKernels();
}
if (hasLossKernels) {
  const { registerLossKernels } = await import("../src/webgpu/index.ts");
  registerLossKernels();
}

async function startBackend(backend: string) {
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`);
  await tf.ready();
}
