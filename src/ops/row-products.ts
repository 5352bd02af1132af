import * as tf from "@tensorflow/tfjs-core";
import { matMul } from "./mat-mul.ts";
import { runOp } from "./run-op.ts";
import { sliceRows } from "./slice-rows.ts";
import { transposeMatrix } from "./transpose-matrix.ts";

/** From this width on, wasm computes Gram matrices in blocks of `ROWS` rows. */
const WIDE = 16384;
const ROWS = 16;

/**
 * The inner products of all rows of `a` and all rows of `b`: [N, D] and [M, D] → [N, M]. Meant for
 * few rows `a` and many rows `b`. No gradient is defined.
 *
 * Neither operand is flagged as transposed, see {@link gram}. The product b · aᵀ is transposed
 * afterwards, so that only the small `a` and the result are transposed.
 */
export const rowProducts = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  runOp("KdCmiRowProducts", { a, b }, {}, () => transposeMatrix(matMul(b, transposeMatrix(a))));

/**
 * The Gram matrix X Xᵀ, the inner products of all pairs of rows: [N, D] → [N, N]. No gradient is
 * defined.
 *
 * `tf.matMul` with a flag for the transposed operand takes 10 times as long on wasm, and is wrong
 * on webgpu from widths of about 2000 on. On wasm, rows of width 16,384 or more are multiplied in
 * blocks of 16, because most of the time goes into packing the right operand. This is twice as fast
 * for 64 rows of width 65,536 (tfjs 4.22).
 */
export function gram(x: tf.Tensor2D): tf.Tensor2D {
  return runOp("KdCmiGram", { x }, {}, () => {
    const [n, d] = x.shape;
    if (d < WIDE || tf.getBackend() !== "wasm") return matMul(x, transposeMatrix(x));
    const columns = Array.from({ length: Math.ceil(n / ROWS) }, (_, i): tf.Tensor2D => {
      const first = i * ROWS;
      const rows = sliceRows(x, first, Math.min(ROWS, n - first));
      return matMul(x, transposeMatrix(rows));
    });
    return tf.concat2d(columns, 1);
  });
}
