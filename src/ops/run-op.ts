import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs an operation of this library. Uses the kernel of that name if one is registered for the
 * current backend, otherwise a composition of tfjs operations.
 *
 * The kernel receives the same inputs and attributes and must return the same tensor.
 */
export function runOp<T extends tf.Tensor | tf.Tensor[]>(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
  compose: () => T,
): T {
  if (!tf.getKernel(kernelName, tf.getBackend())) return tf.tidy(compose);
  return tf.engine().runKernel<T>(kernelName, inputs, attrs);
}
