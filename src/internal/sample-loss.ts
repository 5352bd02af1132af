import * as tf from "@tensorflow/tfjs-core";
import { checkReduction, checkWeights } from "./checks.ts";
import { TINY } from "./numerics.ts";

/** Options of every loss that is a number per sample. */
export interface SampleLossOptions {
  /** How the losses of the samples become one; default `tf.Reduction.MEAN`. */
  reduction?: tf.Reduction | undefined;
  /**
   * A constant weight for each sample, float32 [N]. `MEAN` divides by the sum of the weights and
   * `SUM_BY_NONZERO_WEIGHTS` by the number of those that are not 0, as in `tf.losses`.
   */
  weights?: tf.Tensor1D | undefined;
}

/** A loss of closed form, before reduction. */
export interface SampleLoss {
  /** The losses [N, 1], and the tensors that the gradient needs. */
  forward(logits: tf.Tensor2D): { losses: tf.Tensor2D; saved: tf.Tensor[] };
  /** Row i is the derivative of loss i by row i of the logits; [N, C]. */
  gradient(saved: tf.Tensor[]): tf.Tensor2D;
}

/**
 * Applies reduction and weights to a loss of closed form, in value and in gradient, so that no
 * gradient of tfjs' own registry is needed.
 */
export function sampleLoss<O extends tf.Tensor>(
  fn: string,
  logits: tf.Tensor2D,
  { reduction = tf.Reduction.MEAN, weights }: SampleLossOptions,
  { forward, gradient }: SampleLoss,
): O {
  const batch = logits.shape[0];
  checkReduction(fn, reduction);
  checkWeights(fn, weights, batch);
  const isMean =
    reduction === tf.Reduction.MEAN || reduction === tf.Reduction.SUM_BY_NONZERO_WEIGHTS;
  const factor = isMean && !weights ? 1 / batch : 1;

  const op = tf.customGrad((x, save) => {
    const { losses, saved } = forward(x as tf.Tensor2D);
    const scale = weights ? [weightScale(weights, reduction)] : [];
    (save as tf.GradSaveFunc)([...saved, ...scale]);
    const weighted = scale.reduce<tf.Tensor>(tf.mul, losses);
    const value =
      reduction === tf.Reduction.NONE
        ? tf.reshape(weighted, [batch])
        : times(tf.sum(weighted), factor);
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) => {
      const column = dy.rank === 1 ? tf.reshape(dy, [batch, 1]) : dy;
      const perSample = times(kept.slice(saved.length).reduce(tf.mul, column), factor);
      return tf.mul(gradient(kept), perSample);
    };
    return { value, gradFunc };
  });
  return op(logits) as O;
}

const times = (x: tf.Tensor, factor: number) => (factor === 1 ? x : tf.mul(x, factor));

/** What each loss counts in the value, [N, 1]. */
function weightScale(weights: tf.Tensor1D, reduction: tf.Reduction): tf.Tensor2D {
  const column: tf.Tensor2D = tf.reshape(weights, [-1, 1]);
  if (reduction === tf.Reduction.MEAN) return tf.div(column, tf.maximum(tf.sum(column), TINY));
  if (reduction === tf.Reduction.SUM_BY_NONZERO_WEIGHTS) {
    const nonzero = tf.sum(tf.cast(tf.notEqual(column, 0), "float32"));
    return tf.div(column, tf.maximum(nonzero, 1));
  }
  return column;
}
