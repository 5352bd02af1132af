import * as tf from "@tensorflow/tfjs-core";
import { checkNumber, checkTensor, describeValue } from "../../internal/checks.ts";

/** A weighted sum of losses and its terms. */
export interface WeightedSum {
  total: tf.Scalar;
  /** The losses before weighting. */
  terms: Record<string, tf.Scalar>;
}

/**
 * A weighted sum of losses with its terms. A {@link Distiller} reports each term in addition to the
 * total.
 *
 * $$L = \sum_k w_k L_k$$
 *
 * @param losses A weight and a scalar loss for each name. A name becomes a column of the history, so
 * `loss` and the names of metrics are not allowed.
 * @returns The sum as `total`, and the losses as `terms`.
 * @throws If `losses` is empty, a weight is not a finite number, or a loss is not a scalar or disposed.
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
  if (typeof losses !== "object" || losses === null || losses instanceof tf.Tensor) {
    const expected = "an object of lists of a weight and a loss";
    throw new Error(`weightedSum: losses must be ${expected}, got ${describeValue(losses)}`);
  }
  const terms: Record<string, tf.Scalar> = {};
  const weighted: tf.Scalar[] = [];
  for (const [name, pair] of Object.entries(losses)) {
    if (!Array.isArray(pair)) {
      const expected = "a list of a weight and a loss";
      throw new Error(`weightedSum: ${name} must be ${expected}, got ${describeValue(pair)}`);
    }
    const [weight, loss] = pair;
    checkNumber("weightedSum", `the weight of ${name}`, weight);
    if (!(loss instanceof tf.Tensor && isScalar(loss))) {
      const got = loss instanceof tf.Tensor ? `[${loss.shape}]` : describeValue(loss);
      throw new Error(`weightedSum: ${name} must be a scalar, got ${got}`);
    }
    checkTensor("weightedSum", name, loss);
    terms[name] = loss;
    weighted.push(tf.mul(loss, weight));
  }
  if (weighted.length === 0) throw new Error("weightedSum: losses must have at least 1, got none");
  return { total: tf.addN(weighted), terms };
}

export const isScalar = (x: tf.Tensor): x is tf.Scalar => x.rank === 0;
