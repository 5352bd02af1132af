import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as gradients from "../internal/replace-gradient.ts";
import { moduleOf } from "./module.ts";

export { runKernel } from "../internal/replace-gradient.ts";

/** Lets a gradient of tfjs run by our kernels on a wasm backend with the module. */
export function replaceGradient(kernelName: string, gradient: gradients.Gradient): void {
  gradients.replaceGradient("wasm", kernelName, (dy, saved, attrs) =>
    hasModule() ? gradient(dy, saved, attrs) : undefined,
  );
}

/** Whether the current backend has the module and no gradient of what follows will be computed. */
export const hasModule = (): boolean =>
  gradients.isFirstOrder("wasm") && moduleOf(tf.backend() as BackendWasm) !== undefined;
