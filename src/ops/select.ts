import * as tf from "@tensorflow/tfjs-core";

/**
 * The entries of `yes` where a condition of the same shape holds, and those of `no` elsewhere. No gradient is
 * defined.
 *
 * `tf.where` broadcasts first, which on wasm copies all three even if their shapes are equal (tfjs 4.22).
 */
export const select = <T extends tf.Tensor>(condition: tf.Tensor, yes: T, no: T): T =>
  tf.engine().runKernel(tf.Select, { condition, t: yes, e: no });
