import * as tf from "@tensorflow/tfjs-core";

/**
 * max(x, 0), of any shape. No gradient is defined.
 *
 * `tf.relu` on webgl multiplies by 0, which gives NaN for −∞ (tfjs 4.22).
 */
export const relu = <T extends tf.Tensor>(x: T): T =>
  tf.getBackend() === "webgl" ? tf.maximum(x, 0) : tf.relu(x);
