import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { moduleOf } from "./module.ts";

/** The gradient of a kernel, or undefined to take the one that tfjs registers. */
type Gradient = (
  dy: tf.Tensor,
  saved: tf.Tensor[],
  attrs: tf.NamedAttrMap,
) => Record<string, () => tf.Tensor> | undefined;

/** The property is visible to a second copy of the module. */
interface WrappedGradient extends tf.GradConfig {
  wrappedBy?: "kd-cmi";
}

/**
 * Lets a gradient of tfjs run by our kernels on a wasm backend with the module. Gradients are registered
 * for all backends, so the others, and gradients of gradients, keep that of tfjs. Does nothing if tfjs
 * has no gradient, because neither tfjs-layers nor the union package was imported.
 */
export function replaceGradient(kernelName: string, gradient: Gradient): void {
  const stock: WrappedGradient | undefined = tf.getGradient(kernelName);
  if (!stock || stock.wrappedBy === "kd-cmi") return;
  const wrapped: WrappedGradient = {
    ...stock,
    wrappedBy: "kd-cmi",
    gradFunc: (dy, saved, attrs) =>
      (hasModule() ? gradient(dy as tf.Tensor, saved, attrs) : undefined) ??
      stock.gradFunc(dy, saved, attrs),
  };
  tf.unregisterGradient(kernelName); // registering over a gradient logs a warning
  tf.registerGradient(wrapped);
}

/** Whether the current backend has the module and no gradient of what follows will be computed. */
export function hasModule(): boolean {
  if (tf.getBackend() !== "wasm" || tf.engine().state.gradientDepth > 0) return false;
  return moduleOf(tf.backend() as BackendWasm) !== undefined;
}

/** Runs one of our kernels on tensors. */
export const runKernel = <T extends tf.Tensor | tf.Tensor[] = tf.Tensor>(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attrs: object = {},
): T => tf.engine().runKernel<T>(kernelName, inputs, attrs as tf.NamedAttrMap);
