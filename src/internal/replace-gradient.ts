import * as tf from "@tensorflow/tfjs-core";

/** The gradient of a kernel, or undefined to take the one that was registered before. */
export type Gradient = (
  dy: tf.Tensor,
  saved: tf.Tensor[],
  attrs: tf.NamedAttrMap,
) => Record<string, () => tf.Tensor> | undefined;

/** The property is visible to a second copy of the module. */
interface ReplacedGradient extends tf.GradConfig {
  replacedFor?: readonly string[];
}

/**
 * Lets a gradient of tfjs run by our kernels on a backend. Gradients are registered for all backends, so
 * the others keep theirs, and so do gradients of gradients. Does nothing if tfjs has no gradient, because
 * neither tfjs-layers nor the union package was imported.
 */
export function replaceGradient(backendName: string, kernelName: string, gradient: Gradient): void {
  const stock: ReplacedGradient | undefined = tf.getGradient(kernelName);
  if (!stock || stock.replacedFor?.includes(backendName)) return;
  const replaced: ReplacedGradient = {
    ...stock,
    replacedFor: [...(stock.replacedFor ?? []), backendName],
    gradFunc: (dy, saved, attrs) =>
      (isFirstOrder(backendName) ? gradient(dy as tf.Tensor, saved, attrs) : undefined) ??
      stock.gradFunc(dy, saved, attrs),
  };
  tf.unregisterGradient(kernelName); // registering over a gradient logs a warning
  tf.registerGradient(replaced);
}

/** Whether a backend is the current one and no gradient of what follows will be computed. */
export const isFirstOrder = (backendName: string): boolean =>
  tf.getBackend() === backendName && tf.engine().state.gradientDepth === 0;

/** Runs one of our kernels on tensors. */
export const runKernel = <T extends tf.Tensor | tf.Tensor[] = tf.Tensor>(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attrs: object = {},
): T => tf.engine().runKernel<T>(kernelName, inputs, attrs as tf.NamedAttrMap);
