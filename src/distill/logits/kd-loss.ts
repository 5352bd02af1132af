import type * as tf from "@tensorflow/tfjs-core";
import { checkLogitPair, checkOptions, checkTemperature } from "../../internal/checks.ts";
import { flatRows } from "../../internal/rows.ts";
import {
  type Reduced,
  type SampleLossOptions,
  sampleLoss,
  type Unreduced,
} from "../../internal/sample-loss.ts";
import { softDivergence } from "../../ops/soft-divergence.ts";

/** Options of {@link kdLoss}. */
export interface KdOptions extends SampleLossOptions {
  /** T > 0, which softens both distributions; default 4, as in RepDistiller and mdistiller. */
  temperature?: number | undefined;
}

/**
 * Knowledge distillation (KD): the Kullback–Leibler divergence KL(teacher ‖ student) of the class
 * distributions, both softened by the temperature. In nats.
 *
 * $$L_i = T^2 \sum_c p_{ic} (\log p_{ic} - \log q_{ic}), \qquad
 * p = \mathrm{softmax}(z^{teacher}/T), \; q = \mathrm{softmax}(z^{student}/T)$$
 *
 * The factor T² keeps the magnitude of the gradient as T varies. The usual total loss of a student
 * is α · kdLoss + (1 − α) · cross-entropy.
 *
 * Use when: teacher and student share the classes and only the logits are at hand, such as stored
 * outputs. The first method to try.
 *
 * Usual weight: α = 0.9, in addition to cross-entropy of weight 0.1 (RepDistiller, `-r 0.1 -a 0.9`
 * in scripts/run_cifar_distill.sh).
 *
 * Trainable parts: none.
 *
 * Source: Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015
 * (arXiv 1503.02531), section 2.
 *
 * @param teacherLogits float32 [N, C], or [N, …, C] for dense outputs and sequences; a constant, no gradient flows into it.
 * @param studentLogits float32, of the same shape.
 * @param options `temperature`, `reduction` and `weights`, see {@link KdOptions}.
 * @returns A scalar in nats, or [N, …] with `tf.Reduction.NONE`. At least 0.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { kdLoss } from "kd-cmi";
 *
 * const teacherLogits = tf.tensor2d([[2, 0, -1], [0, 3, 1]]);
 * const studentLogits = tf.tensor2d([[1, 0, 0], [0, 1, 1]]);
 * const loss = kdLoss(teacherLogits, studentLogits, { temperature: 4 });
 * ```
 */
export function kdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options?: Reduced<KdOptions>,
): tf.Scalar;
export function kdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: Unreduced<KdOptions>,
): tf.Tensor;
export function kdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options?: KdOptions,
): tf.Tensor;
export function kdLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: KdOptions = {},
): tf.Tensor {
  checkOptions("kdLoss", options, ["temperature", "reduction", "weights"]);
  const { temperature = 4, ...reducing } = options;
  const { teacher, student } = checkLogitPair("kdLoss", teacherLogits, studentLogits);
  checkTemperature("kdLoss", temperature);

  return sampleLoss("kdLoss", student, reducing, (logits) =>
    softDivergence(flatRows(teacher), logits, temperature),
  );
}
