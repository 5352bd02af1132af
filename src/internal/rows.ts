import * as tf from "@tensorflow/tfjs-core";

/** Sums of rows, [N, C] → [N, 1]. */
export const rowSum = (x: tf.Tensor): tf.Tensor2D => tf.sum(x, 1, true);

/** x / temperature. At temperature 1 this is x itself, which saves a kernel. */
export const atTemperature = (x: tf.Tensor2D, temperature: number): tf.Tensor2D =>
  temperature === 1 ? x : tf.mul(x, 1 / temperature);
