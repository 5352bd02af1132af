import * as tf from "@tensorflow/tfjs-core";

/** Adds columns of zeros on the left: [N, M] → [N, columns + M]. */
export const padLeft = (x: tf.Tensor2D, columns: number): tf.Tensor2D =>
  columns === 0 ? x : tf.pad(x, [[0, 0], [columns, 0]]); // biome-ignore format: one line

/** A symmetric matrix [N, N] from blocks of its rows, whose entries below the diagonal do not count. */
export function mirrorUpper(blocks: tf.Tensor2D[]): tf.Tensor2D {
  if (blocks.length === 1) return blocks[0]!;
  return tf.tidy(() => {
    const x = tf.concat2d(blocks, 0);
    const places = tf.range(0, x.shape[0]);
    const isUpper = tf.lessEqual(tf.reshape(places, [-1, 1]), places);
    return tf.where(isUpper, x, tf.transpose(x));
  });
}
