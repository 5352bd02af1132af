import type * as tf from "@tensorflow/tfjs-core";
import {
  checkLabelShape,
  checkLogitPair,
  checkNumber,
  checkOptions,
  checkTemperature,
} from "../../internal/checks.ts";
import { classRows } from "../../internal/labels.ts";
import { flatLabels, flatRows } from "../../internal/rows.ts";
import {
  type Reduced,
  type SampleLossOptions,
  sampleLoss,
  type Unreduced,
} from "../../internal/sample-loss.ts";
import { decoupledDivergence } from "../../ops/decoupled-divergence.ts";

/** Options of {@link dkdLoss}. */
export interface DkdOptions extends SampleLossOptions {
  /** Weight ≥ 0 of the target-class part; default 1, as in the paper. */
  alpha?: number | undefined;
  /** Weight ≥ 0 of the non-target part; default 8, the paper's most frequent choice. */
  beta?: number | undefined;
  /** T > 0; default 4, as in the paper's CIFAR-100 runs. */
  temperature?: number | undefined;
}

/**
 * Decoupled knowledge distillation (DKD): splits the divergence of {@link kdLoss} into a part for
 * the target class (TCKD) and one for all others (NCKD), weighted independently. In nats.
 *
 * $$L_i = T^2 \left[ \alpha \, \mathrm{KL}(b^t \| b^s) + \beta \, \mathrm{KL}(\hat p^t \| \hat p^s)
 * \right]$$
 *
 * b = (p_y, 1 − p_y) is the binary distribution of target and non-target at temperature T, and p̂
 * is the softmax over the classes other than y.
 *
 * Use when: the teacher is so confident that `kdLoss` transfers little about the other classes. The
 * weight needs a warm-up.
 *
 * Usual weight: 1, raised linearly over the first 20 epochs, in addition to cross-entropy of weight
 * 1 (mdistiller, engine/cfg.py).
 *
 * Trainable parts: none.
 *
 * Source: Zhao et al., "Decoupled knowledge distillation", CVPR 2022 (arXiv 2203.08679), eq. 7.
 *
 * @param labels int32 class indices [N] or [N, 1], or float32 rows [N, C], whose largest entry is the
 * target; in the positions of the logits if these have more dimensions: [N, …]. An index outside 0…C−1
 * cannot be detected without a read-back: the result of its row is undefined, see {@link checkLabels}.
 * @param teacherLogits float32 [N, C], or [N, …, C] for dense outputs and sequences; a constant, no
 * gradient flows into it.
 * @param studentLogits float32, of the same shape.
 * @param options `alpha`, `beta`, `temperature`, `reduction` and `weights`, see {@link DkdOptions}.
 * @returns A scalar in nats, or [N, …] with `tf.Reduction.NONE`. At least 0.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { dkdLoss } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1], "int32");
 * const teacherLogits = tf.tensor2d([[2, 0, -1], [0, 3, 1]]);
 * const studentLogits = tf.tensor2d([[1, 0, 0], [0, 1, 1]]);
 * const loss = dkdLoss(labels, teacherLogits, studentLogits, { beta: 2 });
 * ```
 */
export function dkdLoss(
  labels: tf.Tensor,
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options?: Reduced<DkdOptions>,
): tf.Scalar;
export function dkdLoss(
  labels: tf.Tensor,
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: Unreduced<DkdOptions>,
): tf.Tensor;
export function dkdLoss(
  labels: tf.Tensor,
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options?: DkdOptions,
): tf.Tensor;
export function dkdLoss(
  labels: tf.Tensor,
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: DkdOptions = {},
): tf.Tensor {
  checkOptions("dkdLoss", options, ["alpha", "beta", "temperature", "reduction", "weights"]);
  const { alpha = 1, beta = 8, temperature = 4, ...reducing } = options;
  const { teacher, student } = checkLogitPair("dkdLoss", teacherLogits, studentLogits);
  checkLabelShape("dkdLoss", labels, teacher);
  checkNumber("dkdLoss", "alpha", alpha, { minimum: 0 });
  checkNumber("dkdLoss", "beta", beta, { minimum: 0 });
  checkTemperature("dkdLoss", temperature);

  return sampleLoss("dkdLoss", student, reducing, (logits) => {
    const flat = flatLabels(labels, student, reducing.weights);
    const classes = classRows(flat, logits.shape[1]);
    const attrs = { alpha, beta, temperature };
    return decoupledDivergence(classes, flatRows(teacher), logits, attrs);
  });
}
