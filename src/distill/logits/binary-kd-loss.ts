import type * as tf from "@tensorflow/tfjs-core";
import {
  checkOptions,
  checkRows,
  checkSameShape,
  checkTemperature,
} from "../../internal/checks.ts";
import { flatRows } from "../../internal/rows.ts";
import {
  type Reduced,
  type SampleLossOptions,
  sampleLoss,
  type Unreduced,
} from "../../internal/sample-loss.ts";
import { binaryDivergence } from "../../ops/binary-divergence.ts";

/** Options of {@link binaryKdLoss}. */
export interface BinaryKdOptions extends SampleLossOptions {
  /** T > 0, which softens both distributions; default 1, as in multi-label distillation (L2D). */
  temperature?: number | undefined;
}

/**
 * Binary knowledge distillation: the Kullback–Leibler divergence KL(teacher ‖ student) of the
 * Bernoulli distribution of each label, for multi-label outputs and outputs of a single logit. In
 * nats, the mean over the labels.
 *
 * $$L_i = \frac{T^2}{K} \sum_k \left[ p_{ik} \log \frac{p_{ik}}{q_{ik}} +
 * (1 - p_{ik}) \log \frac{1 - p_{ik}}{1 - q_{ik}} \right], \qquad
 * p = \sigma(z^{teacher}/T), \; q = \sigma(z^{student}/T)$$
 *
 * The factor T² keeps the magnitude of the gradient as T varies. Logits are the inputs of the sigmoid,
 * not its outputs. For outputs with exactly one true class, use {@link kdLoss}.
 *
 * Use when: each sample may have several labels, or the model has a single logit.
 *
 * Usual weight: 10 times the number of labels, in addition to a multi-label loss of weight 1 (L2D,
 * `lambda_logits` in configs/coco, where the labels are added up). For a single logit, α = 0.9 in
 * addition to binary cross-entropy of weight 0.1, as for kdLoss.
 *
 * Trainable parts: none.
 *
 * Source: Yang et al., "Multi-label knowledge distillation", ICCV 2023 (arXiv 2308.06453), the
 * multi-label logits distillation, with the temperature of Hinton, Vinyals, Dean, 2015
 * (arXiv 1503.02531), and the mean over labels instead of the sum.
 *
 * @param teacherLogits float32 [N, K], K ≥ 1 labels, or [N, …, K] for dense outputs; a constant, no gradient flows into it.
 * @param studentLogits float32, of the same shape.
 * @param options `temperature`, `reduction` and `weights`, see {@link BinaryKdOptions}.
 * @returns A scalar in nats, or [N, …] with `tf.Reduction.NONE`. At least 0.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { binaryKdLoss } from "kd-cmi";
 *
 * const teacherLogits = tf.tensor2d([[2, -3, -1], [0, 3, 1]]);
 * const studentLogits = tf.tensor2d([[1, 0, 0], [0, 1, 1]]);
 * const loss = binaryKdLoss(teacherLogits, studentLogits, { temperature: 2 });
 * ```
 */
export function binaryKdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options?: Reduced<BinaryKdOptions>,
): tf.Scalar;
export function binaryKdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: Unreduced<BinaryKdOptions>,
): tf.Tensor;
export function binaryKdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options?: BinaryKdOptions,
): tf.Tensor;
export function binaryKdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: BinaryKdOptions = {},
): tf.Tensor {
  const fn = "binaryKdLoss";
  checkOptions(fn, options, ["temperature", "reduction", "weights"]);
  const { temperature = 1, ...reducing } = options;
  const teacher = checkRows(fn, "teacherLogits", teacherLogits, "labels");
  const student = checkSameShape(fn, "studentLogits", studentLogits, "teacherLogits", teacher);
  checkTemperature(fn, temperature);

  return sampleLoss(fn, student, reducing, (logits) =>
    binaryDivergence(flatRows(teacher), logits, temperature),
  );
}
