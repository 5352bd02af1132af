import * as tf from "@tensorflow/tfjs-core";
import { checkCentroids, checkLabelShape, checkLogits, checkOptions } from "../internal/checks.ts";
import { differentiable } from "../internal/differentiable.ts";
import { labelRows, mixRows } from "../internal/labels.ts";
import { type Reduced, sampleLoss, type Unreduced } from "../internal/sample-loss.ts";
import { atLeastTiny } from "../ops/safe-log.ts";
import { softmaxAndLog, softmaxGradient } from "../ops/softmax.ts";
import { rowSum } from "../ops/sums.ts";
import { labelledCentroidLosses } from "./centroid-losses.ts";
import { classCentroids, classMeans } from "./class-centroids.ts";
import { logCentroidRows } from "./log-centroid-rows.ts";

const FN = "conditionalMutualInformation";

/** Options of {@link conditionalMutualInformation}. */
export interface CmiOptions {
  /**
   * Constant centroids, float32 [C, C]. By default those of the batch, and the gradient includes
   * their dependence on the logits.
   */
  centroids?: tf.Tensor | undefined;
  /** Default `tf.Reduction.MEAN`, which is the CMI itself. */
  reduction?: tf.Reduction | undefined;
}

/**
 * Computes the conditional mutual information between the input X and the predicted label Ŷ given
 * the true label Y, in nats: how much information about the input, beyond its class, the output
 * carries.
 *
 * $$I(X; \hat Y | Y) = \frac{1}{N} \sum_i \mathrm{KL}(p_i \| Q_{y_i}), \qquad
 * p_i = \mathrm{softmax}(z_i)$$
 *
 * Without `centroids`, Q are the means of the batch ({@link classCentroids}). The value is then far
 * too low for a batch that is small relative to the number of classes: use {@link CmiEstimator} to
 * measure, and this function to differentiate.
 *
 * Source: Ye et al., ICLR 2024 (arXiv 2401.08732), eq. 8–13.
 *
 * @param labels int32 class indices [N] or [N, 1], or float32 rows [N, C], each a distribution t_i over
 * the classes: then the divergences count as Σ_y t_iy KL(p_i ‖ Q_y). An index outside 0…C−1 cannot be
 * detected without a read-back: cpu throws, and on other backends the result of its row is
 * undefined. See {@link checkLabels}.
 * @param logits float32 [N, C].
 * @param options `centroids` and `reduction`, see {@link CmiOptions}.
 * @returns A scalar in nats, or the KL of each sample [N] with `tf.Reduction.NONE`. At least 0, up
 * to rounding.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { conditionalMutualInformation } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * const logits = tf.tensor2d([[2, 0], [0, 3], [1, 2]]);
 * const cmi = conditionalMutualInformation(labels, logits);
 * ```
 */
export function conditionalMutualInformation(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options?: Reduced<CmiOptions>,
): tf.Scalar;
export function conditionalMutualInformation(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options: Unreduced<CmiOptions>,
): tf.Tensor1D;
export function conditionalMutualInformation(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options?: CmiOptions,
): tf.Scalar | tf.Tensor1D;
export function conditionalMutualInformation(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options: CmiOptions = {},
): tf.Scalar | tf.Tensor1D {
  checkOptions("conditionalMutualInformation", options, ["centroids", "reduction"]);
  const { centroids, reduction = tf.Reduction.MEAN } = options;
  const z = checkLogits(FN, "logits", logits);
  checkLabelShape(FN, labels, z);
  if (centroids !== undefined) {
    return divergence(labels, z, checkCentroids(FN, centroids, z.shape[1]), reduction);
  }
  // Q minimises Σ_i KL(p_i ‖ Q_{y_i}): the derivative of a sum over samples with respect to Q does
  // not change the gradient (it adds a constant to each row of dL/dp), so Q may be held constant.
  if (reduction !== tf.Reduction.NONE) {
    return tf.tidy(() => divergence(labels, z, classCentroids(labels, z), reduction));
  }
  return samplesAgainstOwnCentroids(labels, z);
}

/** KL(p_i ‖ Q_{y_i}) with constant Q. */
function divergence(
  labels: tf.Tensor,
  logits: tf.Tensor2D,
  centroids: tf.Tensor2D,
  reduction: tf.Reduction,
): tf.Scalar | tf.Tensor1D {
  return sampleLoss(FN, logits, { reduction }, (z) =>
    labelledCentroidLosses(labels, z, centroids, {
      crossEntropy: 0,
      divergence: 1,
      labelSmoothing: 0,
    }),
  );
}

/**
 * KL(p_i ‖ Q_{y_i}) of each sample, Q the batch's own. The upstream weights w_i may differ here:
 * dL/dp_i = w_i r_i − (1/n_y) Σ_{j∈y} w_j p_j / Q_y, with y = y_i.
 */
function samplesAgainstOwnCentroids(labels: tf.Tensor, logits: tf.Tensor2D): tf.Tensor1D {
  const [n, c] = logits.shape;
  return differentiable(
    FN,
    [logits],
    (z) => {
      const { p, logP } = softmaxAndLog(z);
      const { means } = classMeans(labelRows(labels, c));
      const q: tf.Tensor2D = tf.matMul(means, p);
      const r = tf.sub(logP, logCentroidRows(q, labels));
      const value: tf.Tensor1D = tf.reshape(rowSum(tf.mul(p, r)), [n]);
      return { value, saved: [p, r, means, atLeastTiny(q), labels] };
    },
    (dy, p, r, means, q, labels) => {
      const w = tf.reshape(dy, [n, 1]);
      const weighted: tf.Tensor2D = tf.mul(p, w);
      const throughQ: tf.Tensor2D = tf.div(tf.matMul(means, weighted), q);
      return [softmaxGradient(p, tf.sub(tf.mul(r, w), mixRows(throughQ, labels)))];
    },
  );
}
