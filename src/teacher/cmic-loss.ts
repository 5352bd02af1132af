import * as tf from "@tensorflow/tfjs-core";
import { labelledCentroidLosses } from "../information/centroid-losses.ts";
import {
  checkCentroids,
  checkLabelShape,
  checkLogits,
  checkMatrix,
  checkNumber,
  checkOptions,
} from "../internal/checks.ts";
import { scalarLoss } from "../internal/differentiable.ts";
import { labelRows } from "../internal/labels.ts";
import { matMul } from "../ops/mat-mul.ts";
import { oneMinus } from "../ops/one-minus.ts";
import { softmaxAndLog, softmaxGradient } from "../ops/softmax.ts";
import { meanAll, rowSum, sumAll } from "../ops/sums.ts";

/** Options of {@link cmicLoss}. */
export interface CmicOptions {
  /** λ ≥ 0, the weight of the CMI, which is minimised. */
  lambda: number;
  /** β ≥ 0, the weight of the separation Γ, which is maximised. */
  beta: number;
}

/**
 * CMI-constrained deep learning (CMIC-DL): cross-entropy plus λ times the conditional mutual
 * information minus β times the separation of the classes, in nats. Outputs of a class become more
 * concentrated and those of different classes more distant. It is the opposite sign of {@link mcmiLoss},
 * for classifiers that are used themselves rather than as teachers.
 *
 * $$L = \frac{1}{N} \sum_i \left[ - \sum_c t_{ic} \log p_{ic} + \lambda \sum_c p_{ic} \log
 * \frac{p_{ic}}{Q_{y_i c}} \right] - \beta \Gamma, \qquad
 * \Gamma = - \frac{1}{N^2} \sum_{i,j} \mathbb 1[y_i \ne y_j] \sum_c p_{ic} \log p_{jc}$$
 *
 * p = softmax(z), t is the label as a row, and Q are the constant centroids, as of {@link mcmiLoss}. Γ is
 * that of the batch, over all ordered pairs of samples, and its gradient flows through both samples of
 * a pair. It has no upper bound, so a large β makes the training diverge. The result is always a
 * scalar, since Γ is not a mean over samples.
 *
 * Use when: you want tighter and better separated clusters of outputs in a classifier that is not a
 * teacher.
 *
 * Usual weight: 1; it already includes the cross-entropy.
 *
 * Trainable parts: none.
 *
 * Source: Yang et al., "Conditional mutual information constrained deep learning for classification"
 * (arXiv 2309.09123), the objective of CMIC-DL with Q updated between the steps.
 *
 * @param labels int32 class indices [N] or [N, 1], int32 or bool one-hot rows [N, C], or float32 rows
 * [N, C], each a distribution t_i over the classes: then the CMI is Σ_y t_iy KL(p_i ‖ Q_y), and a pair
 * counts with 1 − Σ_y t_iy t_jy. An index outside 0…C−1 cannot be detected without a read-back, see
 * {@link checkLabels}.
 * @param logits float32 [N, C].
 * @param centroids float32 [C, C], row y with the mean probabilities of class y; a constant.
 * @param options `lambda` and `beta`, see {@link CmicOptions}.
 * @returns A scalar in nats.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { classCentroids, cmicLoss } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * const logits = tf.tensor2d([[2, 0], [0, 3], [1, 2]]);
 * const centroids = classCentroids(labels, logits);
 * const loss = cmicLoss(labels, logits, centroids, { lambda: 0.5, beta: 0.1 });
 * ```
 */
export function cmicLoss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  centroids: tf.Tensor,
  options: CmicOptions,
): tf.Scalar {
  const fn = "cmicLoss";
  checkOptions(fn, options, ["lambda", "beta"]);
  const { lambda, beta } = options;
  const z = checkMatrix(fn, "logits", logits);
  checkLogits(fn, "logits", z);
  const [n, numClasses] = z.shape;
  checkLabelShape(fn, labels, z);
  const q = checkCentroids(fn, centroids, numClasses);
  checkNumber(fn, "lambda", lambda, { minimum: 0 });
  checkNumber(fn, "beta", beta, { minimum: 0 });

  // With m_ij = 1{y_i ≠ y_j} and J the derivative of the softmax:
  // −N² Γ = Σ_ij m_ij Σ_c p_ic log p_jc, and −N² dΓ/dz_j = J_j Σ_i m_ij log p_i + Σ_i m_ij (p_i − p_j).
  return scalarLoss(
    fn,
    [z],
    (logits) => {
      const attrs = { crossEntropy: 1, divergence: lambda, labelSmoothing: 0 };
      const samples = labelledCentroidLosses(labels, logits, q, attrs);
      const { p, logP } = softmaxAndLog(logits);
      const target = labelRows(labels, numClasses);
      const differ = oneMinus(matMul(target, target, false, true));
      const logs = matMul(differ, logP);
      const separation = tf.mul(sumAll(tf.mul(p, logs)), beta / n ** 2); // −β Γ
      const value: tf.Scalar = tf.add(meanAll(samples.losses), separation);
      return { value, saved: [samples.slopes, p, differ, logs] };
    },
    (samples, p, differ, logs) => {
      const others = tf.sub(matMul(differ, p), tf.mul(p, rowSum(differ)));
      const pairs = tf.add(softmaxGradient(p, logs), others);
      return [tf.add(tf.mul(samples, 1 / n), tf.mul(pairs, beta / n ** 2))];
    },
  );
}
