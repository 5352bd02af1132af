import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, inject } from "vitest";

// The same cases in every run: a red run can be repeated.
fc.configureGlobal({ seed: 20240510 });

/** Starts the project's backend, or throws: a backend that is missing is a failure, never a skip. */
beforeAll(async () => {
  const { backend, host } = inject("backend");
  if (host === "chromium") {
    if (backend === "webgl") await import("@tensorflow/tfjs-backend-webgl");
    else await import("@tensorflow/tfjs-backend-webgpu");
    await startBackend(backend);
  } else {
    const { startNodeBackend } = await import("../scripts/node-backends.ts");
    await startNodeBackend(backend);
  }
});

async function startBackend(backend: string) {
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`);
  await tf.ready();
}
