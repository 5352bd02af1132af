import * as tf from "@tensorflow/tfjs-core";
import type { RowLosses } from "../ops/row-losses.ts";
import { checkReduction, checkWeights } from "./checks.ts";
import { differentiableRows } from "./differentiable.ts";
import { rowShape, rowWeights } from "./rows.ts";

/** Options of losses that are computed per sample. */
export interface SampleLossOptions {
  /** How the per-sample losses are reduced; default `tf.Reduction.MEAN`. */
  reduction?: tf.Reduction | undefined;
  /**
   * A constant weight for each sample, float32 [N], or for each position of logits [N, …, C], float32
   * [N, …], such as a mask of 0 and 1. `MEAN` divides by the sum of the weights and
   * `SUM_BY_NONZERO_WEIGHTS` by the number of those that are not 0, as in `tf.losses`. A sample of
   * weight 0 does not count, even if its loss is NaN or its label is beyond C. If the sum is 0, the mean
   * is 0.
   */
  weights?: tf.Tensor | undefined;
}

/** Options that leave a loss unreduced: one number per sample or position. */
export type Unreduced<O> = O & { reduction: tf.Reduction.NONE };

/** Options that reduce a loss to a scalar. */
export type Reduced<O> = O & { reduction?: Exclude<tf.Reduction, tf.Reduction.NONE> | undefined };

/**
 * Applies reduction and weights to a per-sample loss with a closed-form gradient, in value and in
 * gradient. Needs no gradient from tfjs' registry.
 *
 * @param logits float32 [N, …, C].
 * @param compute Computes the losses of the rows [R, C] of the logits, and their derivatives.
 * @returns A scalar, or [N, …] with `tf.Reduction.NONE`.
 */
export function sampleLoss(
  fn: string,
  logits: tf.Tensor,
  { reduction = tf.Reduction.MEAN, weights }: SampleLossOptions,
  compute: (rows: tf.Tensor2D) => RowLosses,
): tf.Tensor {
  const shape = rowShape(logits);
  checkReduction(fn, reduction);
  checkWeights(fn, weights, logits);
  const isMean =
    reduction === tf.Reduction.MEAN || reduction === tf.Reduction.SUM_BY_NONZERO_WEIGHTS;
  const factor = isMean && !weights ? 1 / tf.util.sizeFromShape(shape) : 1;

  return differentiableRows(
    fn,
    logits,
    (z) => {
      const { losses, slopes } = compute(z);
      // One scale, or none without weights.
      const scales = weights ? [weightScale(rowWeights(weights, logits), reduction)] : [];
      const weighted = scales.reduce(counted, losses);
      const value =
        reduction === tf.Reduction.NONE
          ? tf.reshape(weighted, shape)
          : times(tf.sum(weighted), factor);
      return { value, saved: [slopes, ...scales] };
    },
    (dy, slopes, ...scales) => {
      const column = dy.rank > 0 ? tf.reshape(dy, [-1, 1]) : dy;
      return tf.mul(scales.reduce(counted, slopes), times(column, factor));
    },
  );
}

const times = <T extends tf.Tensor>(x: T, factor: number): T =>
  factor === 1 ? x : tf.mul(x, factor);

/** Rows times their factors [N, 1]. A row of factor 0 does not count, even if it holds NaN. */
const counted = (rows: tf.Tensor2D, scale: tf.Tensor): tf.Tensor2D =>
  tf.where(tf.notEqual(scale, 0), tf.mul(rows, scale) as tf.Tensor2D, tf.zerosLike(rows));

/** Per-sample factor of the reduction, [N, 1]. */
function weightScale(column: tf.Tensor2D, reduction: tf.Reduction): tf.Tensor2D {
  if (reduction === tf.Reduction.MEAN) return tf.divNoNan(column, tf.sum(column));
  if (reduction === tf.Reduction.SUM_BY_NONZERO_WEIGHTS) {
    const nonzero = tf.sum(tf.cast(tf.notEqual(column, 0), "float32"));
    return tf.div(column, tf.maximum(nonzero, 1));
  }
  return column;
}
