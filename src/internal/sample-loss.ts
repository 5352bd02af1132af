import * as tf from "@tensorflow/tfjs-core";
import type { RowLosses } from "../ops/row-losses.ts";
import { checkReduction, checkWeights } from "./checks.ts";
import { differentiable } from "./differentiable.ts";

/** Options of losses that are computed per sample. */
export interface SampleLossOptions {
  /** How the per-sample losses are reduced; default `tf.Reduction.MEAN`. */
  reduction?: tf.Reduction | undefined;
  /**
   * A constant weight for each sample, float32 [N]. `MEAN` divides by the sum of the weights and
   * `SUM_BY_NONZERO_WEIGHTS` by the number of those that are not 0, as in `tf.losses`. A sample of
   * weight 0 does not count, even if its loss is NaN. If the sum is 0, the mean is 0.
   */
  weights?: tf.Tensor1D | undefined;
}

/** Options that leave a loss unreduced: one number per sample. */
export type Unreduced<O> = O & { reduction: tf.Reduction.NONE };

/** Options that reduce a loss to a scalar. */
export type Reduced<O> = O & { reduction?: Exclude<tf.Reduction, tf.Reduction.NONE> | undefined };

/**
 * Applies reduction and weights to a per-sample loss with a closed-form gradient, in value and in
 * gradient. Needs no gradient from tfjs' registry.
 *
 * @param compute Computes the losses of the rows of logits, and their derivatives.
 */
export function sampleLoss(
  fn: string,
  logits: tf.Tensor2D,
  { reduction = tf.Reduction.MEAN, weights }: SampleLossOptions,
  compute: (logits: tf.Tensor2D) => RowLosses,
): tf.Scalar | tf.Tensor1D {
  const batch = logits.shape[0];
  checkReduction(fn, reduction);
  checkWeights(fn, weights, batch);
  const isMean =
    reduction === tf.Reduction.MEAN || reduction === tf.Reduction.SUM_BY_NONZERO_WEIGHTS;
  const factor = isMean && !weights ? 1 / batch : 1;

  return differentiable(
    fn,
    [logits],
    (z) => {
      const { losses, slopes } = compute(z);
      const scale = weights ? weightScale(weights, reduction) : tf.scalar(factor);
      const weighted = weights ? counted(losses, scale) : losses;
      const value =
        reduction === tf.Reduction.NONE
          ? tf.reshape<tf.Rank.R1>(weighted, [batch])
          : times(tf.sum<tf.Scalar>(weighted), factor);
      return { value, saved: [scale, slopes] };
    },
    (dy, scale, slopes) => {
      const column = dy.rank === 1 ? tf.reshape(dy, [batch, 1]) : dy;
      return [
        weights ? tf.mul(counted(slopes, scale), column) : tf.mul(slopes, tf.mul(column, scale)),
      ];
    },
  );
}

const times = <T extends tf.Tensor>(x: T, factor: number): T =>
  factor === 1 ? x : tf.mul(x, factor);

/** Rows times their factors [N, 1]. A row of factor 0 does not count, even if it holds NaN. */
const counted = (rows: tf.Tensor2D, scale: tf.Tensor): tf.Tensor2D =>
  tf.where(tf.notEqual(scale, 0), tf.mul(rows, scale) as tf.Tensor2D, tf.zerosLike(rows));

/** Per-sample factor of the reduction, [N, 1]. */
function weightScale(weights: tf.Tensor1D, reduction: tf.Reduction): tf.Tensor2D {
  const column: tf.Tensor2D = tf.reshape(weights, [-1, 1]);
  if (reduction === tf.Reduction.MEAN) return tf.divNoNan(column, tf.sum(column));
  if (reduction === tf.Reduction.SUM_BY_NONZERO_WEIGHTS) {
    const nonzero = tf.sum(tf.cast(tf.notEqual(column, 0), "float32"));
    return tf.div(column, tf.maximum(nonzero, 1));
  }
  return column;
}
