import * as tf from "@tensorflow/tfjs-core";
import { columnSums } from "./column-sums.ts";
import { isFloat16 } from "./float-range.ts";
import { runOp } from "./run-op.ts";
import { sliceRows } from "./slice-rows.ts";

/** Entries above which a single sum on wasm loses digits. */
const MANY = 16_384;

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

/**
 * The mean of all entries, float32 of any shape → scalar: see {@link sumAll}. With 16-bit floats, the sum
 * might exceed the largest number, and `tf.mean` divides first.
 */
export const meanAll = (x: tf.Tensor): tf.Scalar =>
  isFloat16() ? tf.mean(x) : tf.tidy(() => tf.mul(sumAll(x), 1 / x.size));

/** The sum of all entries times a number, without the sum where {@link meanAll} avoids it. */
export const scaledSum = (x: tf.Tensor, factor: number): tf.Scalar =>
  tf.tidy(() => {
    if (!isFloat16()) return tf.mul(sumAll(x), factor);
    const root = Math.sqrt(x.size); // x.size itself may exceed the largest number
    return tf.mul(tf.mul(tf.mean(x), root), root * factor);
  });

/** Sums of rows, [N, C] → [N, 1]. */
export const rowSum = (x: tf.Tensor): tf.Tensor2D => tf.sum(x, 1, true);

/**
 * Rows minus their means, [N, C] → [N, C]. Exactly 0 for equal entries, whose rounded mean differs from
 * them: the maximum is subtracted first. No gradient is defined.
 */
export const centre = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => {
    const shifted: tf.Tensor2D = tf.sub(x, tf.max(x, 1, true));
    return tf.sub(shifted, tf.mean(shifted, 1, true));
  });

/**
 * Columns minus their means, weighted by weights of the rows [N, 1] if given: [N, C] → [N, C]. As
 * {@link centre}, with the first row subtracted first.
 */
export const centreColumns = (x: tf.Tensor2D, weights?: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => {
    const shifted: tf.Tensor2D = tf.sub(x, sliceRows(x, 0, 1));
    const sums = columnSums(tf.expandDims(weights ? tf.mul(shifted, weights) : shifted, 0));
    const total = weights ? tf.sum(weights) : tf.scalar(x.shape[0]);
    return tf.sub(shifted, tf.divNoNan(sums, total));
  });
