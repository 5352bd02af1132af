import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTemperature } from "../../internal/checks.ts";
import { differentiable } from "../../internal/differentiable.ts";
import { matMul } from "../../ops/mat-mul.ts";
import { softmaxParts } from "../../ops/softmax.ts";
import { rowSum, scaledSum } from "../../ops/sums.ts";
import { transposeMatrix } from "../../ops/transpose-matrix.ts";
import { checkEmbeddings } from "./checks.ts";
import type { CrdOptions } from "./types.ts";

/**
 * In-batch contrastive distillation (InfoNCE): identifies the teacher embedding that belongs to
 * each student embedding among those of the batch, and vice versa. The loss is the sum of both
 * directions, as in {@link crdLoss}, but needs no memory. In nats.
 *
 * $$L = -\frac{1}{N} \sum_i \left[ \log \frac{\exp(\langle s_i, t_i \rangle / T)}
 * {\sum_j \exp(\langle s_i, t_j \rangle / T)} + \log \frac{\exp(\langle s_i, t_i \rangle / T)}
 * {\sum_j \exp(\langle s_j, t_i \rangle / T)} \right]$$
 *
 * The negatives are the other N − 1 samples of the batch, so large batches work best. The loss of a
 * batch of 1 is 0.
 *
 * Use when: batches are large, and memory banks are too much: the other samples of the batch are
 * the noise.
 *
 * Usual weight: none established; 0.8, the weight of {@link crdLoss}, is a starting point.
 *
 * Trainable parts: a linear projection to a common width with rows scaled to length 1, one for the
 * teacher and one for the student, `contrastProjection` of `kd-cmi/layers`; both are trained with
 * the student.
 *
 * Source: van den Oord, Li, Vinyals, "Representation learning with contrastive predictive coding",
 * 2018 (arXiv 1807.03748), eq. 4, between the embeddings of Tian, Krishnan, Isola, ICLR 2020
 * (arXiv 1910.10699).
 *
 * @param teacherEmbedding float32 [N, dim], rows of length 1: see {@link l2Normalize}. Receives a
 * gradient, because its projection is trained too.
 * @param studentEmbedding float32 [N, dim], rows of length 1; receives a gradient.
 * @param options `temperature`, see {@link CrdOptions}.
 * @returns A scalar in nats, at least 0; 2 log N when all embeddings are equal.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { inBatchCrdLoss, l2Normalize } from "kd-cmi";
 *
 * const teacherEmbedding = l2Normalize(tf.randomNormal([4, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([4, 8]));
 * const loss = inBatchCrdLoss(teacherEmbedding, studentEmbedding);
 * ```
 */
export function inBatchCrdLoss(
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
  options: CrdOptions = {},
): tf.Scalar {
  checkOptions("inBatchCrdLoss", options, ["temperature"]);
  const { temperature = 0.07 } = options;
  const { teacher, student } = checkEmbeddings(
    "inBatchCrdLoss",
    teacherEmbedding,
    studentEmbedding,
  );
  checkTemperature("inBatchCrdLoss", temperature);
  const n = teacher.shape[0];

  // With p and q the softmax of S = s tᵀ/T over rows and over columns, dL/dS = (p + q − 2 I) / N.
  return differentiable(
    "inBatchCrdLoss",
    [teacher, student],
    (t, s) => {
      const scores: tf.Tensor2D = tf.mul(matMul(s, transposeMatrix(t)), 1 / temperature);
      const own: tf.Tensor2D = tf.eye(n);
      const ownScores = rowSum(tf.mul(scores, own));
      const forward = crossEntropy(scores, ownScores);
      const backward = crossEntropy(tf.transpose(scores), ownScores);
      const pull = tf.sub(tf.add(forward.p, tf.transpose(backward.p)), tf.mul(own, 2));
      const value = scaledSum(tf.add(forward.losses, backward.losses), 1 / n);
      return { value, saved: [t, s, tf.mul(pull, 1 / (n * temperature))] };
    },
    (dy, t, s, pull) => {
      const slope: tf.Tensor2D = tf.mul(pull, dy);
      return [matMul(tf.transpose(slope), s), matMul(slope, t)];
    },
  );
}

/** The softmax p of each row of scores [N, N], and log Σ_j exp(score_j) − (its own score), [N, 1]. */
function crossEntropy(scores: tf.Tensor2D, own: tf.Tensor2D) {
  const { p, logSum } = softmaxParts(scores);
  return { p, losses: tf.add(logSum, tf.sub(tf.max(scores, 1, true), own)) };
}
