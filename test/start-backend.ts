import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, inject } from "vitest";

// A fixed seed, so that a failure can be reproduced.
fc.configureGlobal({ seed: 20240510 });

// Starts the project's backend or throws. A missing backend fails the tests instead of skipping them.
// The backend is ready before the test file is read, so that tests can make tensors outside of a test.
const { backend, host, hasLossKernels, hasTrainingKernels, isFloat16 } = inject("backend");
if (host === "chromium") {
  if (backend === "webgl") await import("@tensorflow/tfjs-backend-webgl");
  else await import("@tensorflow/tfjs-backend-webgpu");
  if (isFloat16) tf.env().set("WEBGL_FORCE_F16_TEXTURES", true);
  // Otherwise the CPU computes small tensors, and golden vectors would not reach the GPU.
  if (backend === "webgl") tf.env().set("WEBGL_CPU_FORWARD", false);
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

if (isFloat16) {
  // A sum of 70,000 that the GPU computes. Small tensors are computed on the CPU, in 32 bits.
  const sum = tf.tidy(() => tf.add(tf.fill([256, 256], 60_000), 10_000).dataSync()[0]);
  if (Number.isFinite(sum)) throw new Error(`16-bit textures are not in force: ${sum}`);
  beforeEach(({ task, skip }) => {
    if (!task.tags?.includes("float16")) skip();
  });
}
