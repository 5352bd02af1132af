import * as tf from "@tensorflow/tfjs-core";
import { checkTemperature } from "../../internal/checks.ts";
import { rowSum, sumAll } from "../../ops/sums.ts";
import { checkBank, checkContrastForm, checkEmbeddings } from "./checks.ts";
import { drawnRows, pickRows, scoreNegatives } from "./score-negatives.ts";
import type { ContrastBank, ContrastIndices, ContrastNormalizer, CrdOptions } from "./types.ts";

/** Above it exp(score) times the size of a bank could overflow. */
const MAX_SCORE = 64;

/**
 * The constants Z by which {@link crdLoss} turns scores into probabilities: for each side the mean of
 * the batch's scores, times the number of rows of the bank.
 *
 * $$Z = \frac{M}{N (K + 1)} \sum_{i} \sum_{k=0}^{K} \exp \frac{\langle v_i, w_{ik} \rangle}{T}$$
 *
 * The reference takes both from its first batch and keeps them for the whole training. Put them into
 * the bank: `bank.normalizer = contrastNormalizer(…)`. Scores ⟨v, w⟩/T above 64, which only embeddings
 * far from length 1 reach, count as 64, so that Z stays finite.
 *
 * Source: Wu et al., "Unsupervised feature learning via non-parametric instance discrimination",
 * CVPR 2018 (arXiv 1805.01978), eq. 8, as RepDistiller's ContrastMemory does for CRD.
 *
 * @param teacherEmbedding float32 [N, dim], rows of length 1.
 * @param studentEmbedding float32 [N, dim], rows of length 1.
 * @param bank Both banks, float32 [M, dim]; a normalizer that it may hold is not used.
 * @param contrastIndices As in {@link crdLoss}.
 * @returns Two scalars: `teacher` for the teacher's embeddings against `bank.student`, `student` for
 * the student's against `bank.teacher`. Constants: no gradient is defined.
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
  { temperature = 0.07 }: CrdOptions = {},
): ContrastNormalizer {
  const fn = "contrastNormalizer";
  const banks = checkBank(fn, bank);
  const { teacher, student } = checkEmbeddings(fn, teacherEmbedding, studentEmbedding, banks);
  checkContrastForm(fn, contrastIndices, teacher.shape[0]);
  checkTemperature(fn, temperature);

  return tf.tidy(() => {
    const rows = drawnRows(contrastIndices, banks.teacher.shape[0]);
    const side = (embeddings: tf.Tensor2D, bank: tf.Tensor2D) => {
      const anchors: tf.Tensor2D = tf.mul(embeddings, 1 / temperature);
      const own = rowSum(tf.mul(anchors, pickRows(bank, rows.positives)));
      const sums = scoreNegatives(anchors, bank, rows).map((score) =>
        tf.tidy(() => {
          const { scores, counts } = score();
          const odds = boundedExp(scores);
          return sumAll(rowSum(counts ? tf.mul(counts, odds) : odds));
        }),
      );
      const total = sums.reduce<tf.Tensor>(tf.add, tf.sum(boundedExp(own)));
      const drawn = anchors.shape[0] * (rows.negatives.shape.at(-1)! + 1);
      return tf.mul(tf.div(total, drawn), bank.shape[0]) as tf.Scalar;
    };
    return { teacher: side(teacher, banks.student), student: side(student, banks.teacher) };
  });
}

const boundedExp = (scores: tf.Tensor) => tf.exp(tf.minimum(scores, MAX_SCORE));
