import * as tf from "@tensorflow/tfjs-core";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { softplus } from "./softplus.ts";
import { rowSum } from "./sums.ts";

/**
 * Computes what the noise costs in noise-contrastive estimation: Σ_j n_ij softplus(s_ij − shift) of each
 * row, and its derivative with respect to the scores, n_ij σ(s_ij − shift): float32 [N, M] → [N, 1] and
 * [N, M]. The error of each term is that of `softplus`. No further gradient is defined.
 *
 * @param scores s, float32 [N, M].
 * @param shift A scalar.
 * @param counts n, float32 [N, M]; 1 if absent.
 */
export function noiseLosses(
  scores: tf.Tensor2D,
  shift: tf.Tensor,
  counts?: tf.Tensor2D,
): RowLosses {
  const inputs = counts ? { scores, shift, counts } : { scores, shift };
  return runRowLosses("KdCmiNoiseLosses", inputs, {}, () => {
    const excess: tf.Tensor2D = tf.sub(scores, shift);
    const weigh = (x: tf.Tensor2D): tf.Tensor2D => (counts ? tf.mul(counts, x) : x);
    return {
      losses: tf.tidy(() => rowSum(weigh(softplus(excess)))),
      slopes: weigh(tf.sigmoid(excess)),
    };
  });
}
