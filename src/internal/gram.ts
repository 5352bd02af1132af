import * as tf from "@tensorflow/tfjs-core";

/** Each sample as a row: [N, …] → [N, D]. */
export const toRows = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0]!, -1]);

/**
 * From here on the wasm backend multiplies by some rows at a time: measured twice as fast at 64
 * rows of 65,536, where most of the time goes into packing the right operand.
 */
const WIDE = 16384;
const ROWS = 16;

/** X Xᵀ, the inner products of all pairs of rows: [N, D] → [N, N]. */
export function gram(x: tf.Tensor2D): tf.Tensor2D {
  const [n, d] = x.shape;
  // Not with a flag: that takes ten times as long on wasm, and is wrong for wide rows on webgpu.
  if (d < WIDE || tf.getBackend() !== "wasm") return tf.matMul(x, tf.transpose(x));
  const columns = Array.from({ length: Math.ceil(n / ROWS) }, (_, i) => {
    const first = i * ROWS;
    const end = Math.min(first + ROWS, n);
    return tf.tidy(() => tf.matMul(x, tf.transpose(takeRows(x, first, end))));
  });
  return tf.concat(columns, 1) as tf.Tensor2D;
}

/** dL/dX of L(X Xᵀ): (dG + dGᵀ) X. */
export const gramGradient = (dG: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D =>
  tf.matMul(tf.add(dG, tf.transpose(dG)), x);

/**
 * Rows first…end−1. wasm's slice copies its whole input out of the heap and back; gatherND copies
 * just the rows.
 */
export function takeRows(x: tf.Tensor2D, first: number, end: number): tf.Tensor2D {
  const indices = Array.from({ length: end - first }, (_, i) => first + i);
  return tf.gatherND(x, tf.tensor2d(indices, [indices.length, 1], "int32")) as tf.Tensor2D;
}
