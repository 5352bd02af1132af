import type * as tf from "@tensorflow/tfjs-core";
import { labelledCentroidLosses } from "../information/centroid-losses.ts";
import {
  checkCentroids,
  checkLabelShape,
  checkLogits,
  checkNumber,
  checkOptions,
  columnsOf,
} from "../internal/checks.ts";
import { flatLabels } from "../internal/rows.ts";
import {
  type Reduced,
  type SampleLossOptions,
  sampleLoss,
  type Unreduced,
} from "../internal/sample-loss.ts";

/** Options of {@link mcmiLoss}. */
export interface McmiOptions extends SampleLossOptions {
  /**
   * λ ≥ 0, the weight of the CMI; 0.1 to 0.25 in the paper with fixed centroids, and up to 0.5 if they are
   * updated. With 0 the loss is cross-entropy.
   */
  lambda: number;
  /**
   * ε within 0–1, the share of the target that is spread over all classes; default 0, no smoothing.
   */
  labelSmoothing?: number | undefined;
}

/**
 * Maximum conditional mutual information (MCMI): the loss of a teacher, cross-entropy minus λ times
 * the conditional mutual information between the input and the prediction given the label, in nats.
 * Minimising it maximises likelihood and contextual information together.
 *
 * $$L_i = - \sum_c t_{ic} \log p_{ic} - \lambda \sum_c p_{ic} (\log p_{ic} - \log Q_{y_i c}),
 * \qquad p_i = \mathrm{softmax}(z_i)$$
 *
 * t is the (smoothed) one-hot label, and Q are the constant centroids. Compute them with
 * {@link classCentroids} or a {@link CmiEstimator} over the training set before each epoch, or
 * update them at each step with {@link updateCentroids}. Entries of Q below 1e-37 are replaced by
 * 1e-37, which keeps the loss finite. A teacher is first trained with cross-entropy and then
 * fine-tuned with this loss for a few epochs.
 *
 * **Centroids that are never updated can destroy a teacher.** Probability at class c lowers the loss by
 * λ log(1/Q_yc). Fixed centroids, as in the authors' released code, never take this reward back. If they
 * are nearly one-hot, as after training without augmentation, it outweighs the cross-entropy and the
 * accuracy falls to chance. Updated centroids grow with the output. If you keep them fixed, choose λ on
 * validation data.
 *
 * Use when: you train the teacher yourself, and its students will see few images or lack a class.
 * Fine-tune a teacher that was trained with cross-entropy, and update the centroids after each epoch.
 *
 * Usual weight: 1; it already includes the cross-entropy.
 *
 * Trainable parts: none.
 *
 * Source: Ye et al., "Bayes conditional distribution estimation for knowledge distillation based on
 * conditional mutual information", ICLR 2024 (arXiv 2401.08732), eq. 14 and algorithm 1.
 *
 * @param labels int32 class indices [N] or [N, 1], int32 or bool one-hot rows [N, C], or float32 rows
 * [N, C], each a distribution t_i over the classes (one-hot, smoothed or mixed): then the last term is
 * λ Σ_y t_iy KL(p_i ‖ Q_y), a product of N · C² multiplications, which dominates from about 1000
 * classes on. In the positions of the logits if these have more dimensions: [N, …]. An index outside 0…C−1 cannot be detected without a read-back: cpu throws, and on other
 * backends the result of its row is undefined. See {@link checkLabels}. With weight 0 it is allowed.
 * @param logits float32 [N, C], or [N, …, C] for dense outputs and sequences.
 * @param centroids float32 [C, C], row y with the mean probabilities of class y; a constant.
 * @param options `lambda`, `labelSmoothing`, `reduction` and `weights`, see {@link McmiOptions}.
 * @returns A scalar in nats, or [N, …] with `tf.Reduction.NONE`. Negative if the CMI outweighs the
 * cross-entropy.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { classCentroids, mcmiLoss } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * const logits = tf.tensor2d([[2, 0], [0, 3], [1, 2]]);
 * const centroids = classCentroids(labels, logits);
 * const loss = mcmiLoss(labels, logits, centroids, { lambda: 0.2 });
 * ```
 */
export function mcmiLoss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  centroids: tf.Tensor,
  options: Reduced<McmiOptions>,
): tf.Scalar;
export function mcmiLoss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  centroids: tf.Tensor,
  options: Unreduced<McmiOptions>,
): tf.Tensor;
export function mcmiLoss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  centroids: tf.Tensor,
  options: McmiOptions,
): tf.Tensor;
export function mcmiLoss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  centroids: tf.Tensor,
  options: McmiOptions,
): tf.Tensor {
  checkOptions("mcmiLoss", options, ["lambda", "labelSmoothing", "reduction", "weights"]);
  const { lambda, labelSmoothing = 0, ...reducing } = options;
  const z = checkLogits("mcmiLoss", "logits", logits);
  checkLabelShape("mcmiLoss", labels, z);
  const q = checkCentroids("mcmiLoss", centroids, columnsOf(z));
  checkNumber("mcmiLoss", "lambda", lambda, { minimum: 0 });
  checkNumber("mcmiLoss", "labelSmoothing", labelSmoothing, { minimum: 0, maximum: 1 });

  return sampleLoss("mcmiLoss", z, reducing, (rows) =>
    labelledCentroidLosses(flatLabels(labels, z, reducing.weights), rows, q, {
      crossEntropy: 1,
      divergence: -lambda,
      labelSmoothing,
    }),
  );
}
