import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTemperature } from "../../internal/checks.ts";
import { largestExponent } from "../../ops/float-range.ts";
import { excludedLogit } from "../../ops/softmax.ts";
import { rowSum } from "../../ops/sums.ts";
import { checkBank, checkContrastForm, checkEmbeddings } from "./checks.ts";
import { drawnRows, pickRows, type ScoredRows, scoreNegatives } from "./score-negatives.ts";
import type { ContrastBank, ContrastIndices, ContrastNormalizer, CrdOptions } from "./types.ts";

/**
 * Computes the constants Z with which {@link crdLoss} converts scores to probabilities: for each
 * side, the mean of the batch's exponentiated scores times the number of rows of the bank.
 *
 * $$Z = \frac{M}{N (K + 1)} \sum_{i} \sum_{k=0}^{K} \exp \frac{\langle v_i, w_{ik} \rangle}{T}$$
 *
 * The reference computes both from its first batch and keeps them for the whole training run.
 * Assign them to the bank: `bank.normalizer = contrastNormalizer(…)`. {@link crdLoss} uses the
 * logarithms, which are finite for finite scores. Z itself is at most e⁸⁸: below T = 1/64 it may
 * leave the range of float32.
 *
 * Source: Wu et al., "Unsupervised feature learning via non-parametric instance discrimination",
 * CVPR 2018 (arXiv 1805.01978), eq. 8, as in RepDistiller's ContrastMemory for CRD.
 *
 * @param teacherEmbedding float32 [N, dim], rows of length 1.
 * @param studentEmbedding float32 [N, dim], rows of length 1.
 * @param bank Both banks, float32 [M, dim]; an existing normalizer is ignored.
 * @param contrastIndices As in {@link crdLoss}.
 * @param options `temperature`, see {@link CrdOptions}.
 * @returns Scalars, dimensionless: `teacher`, Z of the teacher's embeddings against `bank.student`,
 * `student`, Z of the student's against `bank.teacher`, and their logarithms `logTeacher` and
 * `logStudent`. Constants: no gradient is defined.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import {
 *   contrastNormalizer,
 *   createContrastBank,
 *   l2Normalize,
 *   sampleContrastIndices,
 * } from "kd-cmi";
 *
 * const bank = createContrastBank({ size: 100, dim: 8 });
 * const indices = tf.tensor1d([7, 42], "int32");
 * const drawn = sampleContrastIndices(indices, { negatives: 16, size: 100 });
 * const teacherEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 * bank.normalizer = contrastNormalizer(teacherEmbedding, studentEmbedding, bank, drawn);
 * ```
 */
export function contrastNormalizer(
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
  bank: ContrastBank,
  contrastIndices: ContrastIndices,
  options: CrdOptions = {},
): Record<keyof ContrastNormalizer, tf.Scalar> {
  checkOptions("contrastNormalizer", options, ["temperature"]);
  const { temperature = 0.07 } = options;
  const fn = "contrastNormalizer";
  const banks = checkBank(fn, bank);
  const { teacher, student } = checkEmbeddings(fn, teacherEmbedding, studentEmbedding, banks);
  checkContrastForm(fn, contrastIndices, teacher.shape[0]);
  checkTemperature(fn, temperature);

  return tf.tidy(() => {
    const rows = drawnRows(contrastIndices, banks.teacher.shape[0]);
    const logZ = (embeddings: tf.Tensor2D, bank: tf.Tensor2D): tf.Scalar => {
      const anchors: tf.Tensor2D = tf.mul(embeddings, 1 / temperature);
      const own = rowSum(tf.mul(anchors, pickRows(bank, rows.positives)));
      const noise = scoreNegatives(anchors, bank, rows).map((score) =>
        tf.tidy(() => logSum(score())),
      );
      const share = bank.shape[0] / (anchors.shape[0] * (rows.k + 1));
      return tf.add(tf.logSumExp(tf.concat([own, ...noise])), Math.log(share));
    };
    const logTeacher = logZ(teacher, banks.student);
    const logStudent = logZ(student, banks.teacher);
    return {
      teacher: boundedExp(logTeacher),
      student: boundedExp(logStudent),
      logTeacher,
      logStudent,
    };
  });
}

/** The logarithms of the sums of exponentiated scores of some anchors, [n, 1]. */
function logSum({ scores, counts }: ScoredRows): tf.Tensor2D {
  if (!counts) return tf.logSumExp(scores, 1, true);
  // Rows that were not drawn may have the largest scores.
  const drawn = tf.where(tf.greater(counts, 0), scores, tf.fill(scores.shape, excludedLogit()));
  const max = tf.max(drawn, 1, true);
  return tf.add(max, tf.log(rowSum(tf.mul(counts, tf.exp(tf.sub(drawn, max))))));
}

const boundedExp = (logZ: tf.Scalar): tf.Scalar =>
  tf.exp(tf.minimum<tf.Scalar>(logZ, largestExponent()));
