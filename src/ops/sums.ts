import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/** Entries above which a single sum on wasm loses digits. */
const MANY = 2 ** 14;

/**
 * The sum of all entries, float32 of any shape → scalar. No gradient is defined.
 *
 * `tf.sum` on wasm accumulates in a single float32: a mean is off by 1e-4 at half a million
 * entries, 1e-3 at 2 million and 3e-2 at 25 million. There the axes are summed one after the other
 * (tfjs 4.22).
 */
export function sumAll(x: tf.Tensor): tf.Scalar {
  return runOp("KdCmiSumAll", { x }, {}, () => {
    if (tf.getBackend() !== "wasm" || x.size <= MANY) return tf.sum(x);
    let sums = x;
    while (sums.rank > 0) sums = tf.sum(sums, -1);
    return sums as tf.Scalar;
  });
}

/** The mean of all entries, float32 of any shape → scalar: see {@link sumAll}. */
export const meanAll = (x: tf.Tensor): tf.Scalar => tf.tidy(() => tf.mul(sumAll(x), 1 / x.size));

/** Sums of rows, [N, C] → [N, 1]. */
export const rowSum = (x: tf.Tensor): tf.Tensor2D => tf.sum(x, 1, true);

/**
 * x minus its mean along an axis, of the same shape. Exactly 0 for equal entries, whose rounded mean
 * differs from them: the maximum is subtracted first. No gradient is defined.
 */
export const centre = <T extends tf.Tensor>(x: T, axis: number): T =>
  tf.tidy(() => {
    const shifted: T = tf.sub(x, tf.max(x, axis, true));
    return tf.sub(shifted, tf.mean(shifted, axis, true));
  });
