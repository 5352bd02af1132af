import * as tf from "@tensorflow/tfjs-core";
import { checkNumber } from "../../internal/checks.ts";

/** A sum of losses and what it consists of. */
export interface WeightedSum {
  total: tf.Scalar;
  /** Each loss before it is weighted. */
  terms: Record<string, tf.Scalar>;
}

/**
 * A weighted sum of losses that remembers its terms, so that a {@link Distiller} reports each of them
 * beside the total.
 *
 * $$L = \sum_k w_k L_k$$
 *
 * @param losses A weight and a scalar loss for each name. A name becomes a column of the history:
 * `loss` and the names of metrics are taken.
 * @returns `total`, and the losses themselves as `terms`.
 * @throws If there is no loss, a weight is not a finite number, or a loss not a scalar.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { kdLoss } from "kd-cmi";
 * import { weightedSum } from "kd-cmi/layers";
 *
 * const [teacherLogits, studentLogits] = [tf.randomNormal([8, 3]), tf.randomNormal([8, 3])];
 * const labels = tf.oneHot(tf.zeros([8], "int32"), 3);
 * const { total, terms } = weightedSum({
 *   kd: [0.9, kdLoss(teacherLogits, studentLogits)],
 *   crossEntropy: [0.1, tf.losses.softmaxCrossEntropy(labels, studentLogits)],
 * });
 * ```
 */
export function weightedSum(
  losses: Record<string, readonly [weight: number, loss: tf.Tensor]>,
): WeightedSum {
  const entries = Object.entries(losses);
  if (entries.length === 0) throw new Error("weightedSum: losses must have at least one, got none");
  for (const [name, [weight, loss]] of entries) {
    checkNumber("weightedSum", `the weight of ${name}`, weight);
    if (loss.rank !== 0) {
      throw new Error(`weightedSum: ${name} must be a scalar, got [${loss.shape}]`);
    }
  }
  const weighted = entries.map(([, [weight, loss]]) => tf.mul(loss, weight));
  const terms = entries.map(([name, [, loss]]) => [name, loss]);
  return { total: tf.addN(weighted) as tf.Scalar, terms: Object.fromEntries(terms) };
}
