import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/** Rows that are transposed together. */
const BLOCK = 32;

/**
 * The transpose of a matrix: [M, N] → [N, M]. No gradient is defined.
 *
 * `tf.transpose` on wasm writes column by column. If there are many rows, all of these writes fall
 * into the same few cache lines: 16,384×64 takes 14 ms and 1024×64 takes 0.6 ms. In two steps, with
 * blocks of 32 rows, they take 2 and 0.06 ms (tfjs 4.22).
 */
export function transposeMatrix(x: tf.Tensor2D): tf.Tensor2D {
  return runOp("KdCmiTransposeMatrix", { x }, {}, () => {
    const [rows, columns] = x.shape;
    if (tf.getBackend() !== "wasm" || rows <= 2 * BLOCK || rows % BLOCK !== 0) {
      return tf.transpose(x);
    }
    const blocks = tf.transpose(tf.reshape(x, [rows / BLOCK, BLOCK, columns]), [0, 2, 1]);
    return tf.reshape(tf.transpose(blocks, [1, 0, 2]), [columns, rows]);
  });
}
