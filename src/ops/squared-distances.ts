import * as tf from "@tensorflow/tfjs-core";
import { blockElements } from "./block-elements.ts";
import { mirrorUpper, padLeft } from "./mirror-upper.ts";
import { runOp } from "./run-op.ts";
import { sliceRows } from "./slice-rows.ts";

/**
 * The squared distances |x_i − x_j|² of all pairs of rows: [N, D] → [N, N]. No gradient is defined.
 *
 * The rows are subtracted from each other, so that the distances of rows that are near each other have
 * all digits. Those from a Gram matrix cancel. This processes about N² D / 2 differences, in blocks of
 * rows i with j ≥ i.
 */
export const squaredDistances = (x: tf.Tensor2D): tf.Tensor2D =>
  runOp("KdCmiSquaredDistances", { x }, {}, () => squaresOfPairs(x, tf.sub));

/**
 * The squared lengths |x_i + x_j|² of the sums of all pairs of rows: [N, D] → [N, N]. Those of opposite
 * rows have all digits: see {@link squaredDistances}. No gradient is defined.
 */
export const squaredSums = (x: tf.Tensor2D): tf.Tensor2D =>
  runOp("KdCmiSquaredSums", { x }, {}, () => squaresOfPairs(x, tf.add));

function squaresOfPairs(x: tf.Tensor2D, combine: typeof tf.sub | typeof tf.add): tf.Tensor2D {
  const [n, d] = x.shape;
  const height = Math.max(1, Math.floor(blockElements() / (n * d)));
  const blocks = Array.from({ length: Math.ceil(n / height) }, (_, block) =>
    tf.tidy((): tf.Tensor2D => {
      const first = block * height;
      const rows = sliceRows(x, first, Math.min(height, n - first));
      const pairs = combine(tf.expandDims(rows, 1), sliceRows(x, first, n - first));
      return padLeft(tf.sum(tf.square(pairs), 2), first);
    }),
  );
  return mirrorUpper(blocks);
}
