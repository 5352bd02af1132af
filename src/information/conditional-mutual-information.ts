import * as tf from "@tensorflow/tfjs-core";
import {
  checkCentroids,
  checkLabelShape,
  checkLogits,
  checkOptions,
  checkWeights,
  columnsOf,
} from "../internal/checks.ts";
import { differentiableRows } from "../internal/differentiable.ts";
import { labelRows, mixRows } from "../internal/labels.ts";
import { countedRows, flatLabels, rowShape, rowWeights } from "../internal/rows.ts";
import {
  type Reduced,
  type SampleLossOptions,
  sampleLoss,
  type Unreduced,
} from "../internal/sample-loss.ts";
import { matMul } from "../ops/mat-mul.ts";
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
  /**
   * A constant weight ≥ 0 for each sample, float32 [N], or for each position, [N, …], such as a mask of 0
   * and 1: see {@link SampleLossOptions}. The centroids of the batch are weighted means.
   */
  weights?: tf.Tensor | undefined;
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
 * undefined. See {@link checkLabels}. With weight 0 it is allowed. In the positions of the logits if
 * these have more dimensions: [N, …].
 * @param logits float32 [N, C], or [N, …, C] for dense outputs and sequences.
 * @param options `centroids`, `reduction` and `weights`, see {@link CmiOptions}.
 * @returns A scalar in nats, or the KL of each sample [N] or position [N, …] with `tf.Reduction.NONE`. At least 0, up
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
): tf.Tensor;
export function conditionalMutualInformation(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options?: CmiOptions,
): tf.Tensor;
export function conditionalMutualInformation(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options: CmiOptions = {},
): tf.Tensor {
  checkOptions("conditionalMutualInformation", options, ["centroids", "reduction", "weights"]);
  const { centroids, reduction = tf.Reduction.MEAN, weights } = options;
  const z = checkLogits(FN, "logits", logits);
  checkLabelShape(FN, labels, z);
  if (centroids !== undefined) {
    const q = checkCentroids(FN, centroids, columnsOf(z));
    return divergence(labels, z, q, { reduction, weights });
  }
  checkWeights(FN, weights, z);
  // Q minimises Σ_i w_i KL(p_i ‖ Q_{y_i}): the derivative of a sum over samples with respect to Q does
  // not change the gradient (it adds a constant to each row of dL/dp), so Q may be held constant.
  if (reduction !== tf.Reduction.NONE) {
    return tf.tidy(() => {
      const q = classCentroids(labels, z, { weights });
      return divergence(labels, z, q, { reduction, weights });
    });
  }
  return samplesAgainstOwnCentroids(labels, z, weights);
}

/** KL(p_i ‖ Q_{y_i}) with constant Q. */
function divergence(
  labels: tf.Tensor,
  logits: tf.Tensor,
  centroids: tf.Tensor2D,
  reducing: SampleLossOptions,
): tf.Tensor {
  const attrs = { crossEntropy: 0, divergence: 1, labelSmoothing: 0 };
  return sampleLoss(FN, logits, reducing, (rows) =>
    labelledCentroidLosses(flatLabels(labels, logits, reducing.weights), rows, centroids, attrs),
  );
}

/**
 * w_i KL(p_i ‖ Q_{y_i}) per sample with the centroids of the batch, Q = M p, M_yi = w_i t_iy / n_y. With
 * the upstream gradient g: dp_i = w_i [g_i (log p_i − log Q_{y_i}) − Σ_y t_iy/n_y Σ_j w_j t_jy g_j p_j/Q_y].
 */
function samplesAgainstOwnCentroids(
  labels: tf.Tensor,
  logits: tf.Tensor,
  weights: tf.Tensor | undefined,
): tf.Tensor {
  const shape = rowShape(logits);
  return differentiableRows(
    FN,
    logits,
    (rows) => {
      const flat = flatLabels(labels, logits, weights);
      const w = weights && rowWeights(weights, logits);
      const { p, logP } = softmaxAndLog(countedRows(rows, w));
      const { means } = classMeans(labelRows(flat, columnsOf(logits)), w);
      const q: tf.Tensor2D = matMul(means, p);
      const r = tf.tidy(() => {
        const difference: tf.Tensor2D = tf.sub(logP, logCentroidRows(q, flat));
        return w ? tf.mul(difference, w) : difference;
      });
      const value = tf.tidy(() => tf.reshape(rowSum(tf.mul(p, r)), shape));
      return { value, saved: [p, r, means, atLeastTiny(q), flat, w ?? tf.scalar(1)] };
    },
    (dy, p, r, means, q, flat, w) => {
      const g = tf.reshape(dy, [-1, 1]);
      const slope = tf.tidy(() => {
        const throughQ = tf.tidy((): tf.Tensor2D => tf.div(matMul(means, tf.mul(p, g)), q));
        return tf.sub(tf.mul(r, g), tf.mul(mixRows(throughQ, flat), w));
      });
      return softmaxGradient(p, slope);
    },
  );
}
