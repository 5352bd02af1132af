import { registerTrainingKernels } from "kd-cmi/wasm";
import { registerGradientKernels, registerLossKernels } from "kd-cmi/webgpu";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { uploadByQueue } from "../../scripts/upload-by-queue.ts";

/** Starts a backend in Node, with all that makes training on it fast. */
export async function startTrainingBackend(backend: string): Promise<void> {
  await startNodeBackend(backend);
  if (backend === "wasm") registerTrainingKernels();
  if (backend === "webgpu") {
    registerLossKernels();
    registerGradientKernels();
    uploadByQueue();
  }
}
