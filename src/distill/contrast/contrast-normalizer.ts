import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTemperature } from "../../internal/checks.ts";
import { rowSum, sumAll } from "../../ops/sums.ts";
import { checkBank, checkContrastForm, checkEmbeddings } from "./checks.ts";
import { drawnRows, pickRows, scoreNegatives } from "./score-negatives.ts";
import type { ContrastBank, ContrastIndices, ContrastNormalizer, CrdOptions } from "./types.ts";

/** Scores are bounded by this, because exp(score) times the size of a bank could overflow. */
const MAX_SCORE = 64;

/**
 * Computes the constants Z with which {@link crdLoss} converts scores to probabilities: for each
 * side, the mean of the batch's exponentiated scores times the number of rows of the bank.
 *
 * $$Z = \frac{M}{N (K + 1)} \sum_{i} \sum_{k=0}^{K} \exp \frac{\langle v_i, w_{ik} \rangle}{T}$$
 *
 * The reference computes both from its first batch and keeps them for the whole training run.
 * Assign them to the bank: `bank.normalizer = contrastNormalizer(…)`. Scores ⟨v, w⟩/T above 64,
 * which only embeddings far from length 1 reach, are replaced by 64, so that Z is finite.
 *
 * Source: Wu et al., "Unsupervised feature learning via non-parametric instance discrimination",
 * CVPR 2018 (arXiv 1805.01978), eq. 8, as in RepDistiller's ContrastMemory for CRD.
 *
 * @param teacherEmbedding float32 [N, dim], rows of length 1.
 * @param studentEmbedding float32 [N, dim], rows of length 1.
 * @param bank Both banks, float32 [M, dim]; an existing normalizer is ignored.
 * @param contrastIndices As in {@link crdLoss}.
 * @param options `temperature`, see {@link CrdOptions}.
 * @returns Two scalars, dimensionless: `teacher` for the teacher's embeddings against
 * `bank.student`, `student` for the student's against `bank.teacher`. Constants: no gradient is
 * defined.
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
): ContrastNormalizer {
  checkOptions("contrastNormalizer", options, ["temperature"]);
  const { temperature = 0.07 } = options;
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
      const z: tf.Scalar = tf.mul(tf.div(total, anchors.shape[0] * (rows.k + 1)), bank.shape[0]);
      return z;
    };
    return { teacher: side(teacher, banks.student), student: side(student, banks.teacher) };
  });
}

const boundedExp = (scores: tf.Tensor) => tf.exp(tf.minimum(scores, MAX_SCORE));
