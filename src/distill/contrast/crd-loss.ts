import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTemperature } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { noiseLosses } from "../../ops/noise-losses.ts";
import { safeLog } from "../../ops/safe-log.ts";
import { softplus } from "../../ops/softplus.ts";
import { rowSum, sumAll } from "../../ops/sums.ts";
import {
  checkBank,
  checkContrastForm,
  checkEmbeddings,
  checkNormalizer,
  checkNormalizerFits,
} from "./checks.ts";
import { type DrawnRows, drawnRows, pickRows, scoreNegatives } from "./score-negatives.ts";
import type { ContrastBank, ContrastIndices, CrdOptions } from "./types.ts";

/** Added to every denominator, as in the reference. */
const EPSILON = 1e-7;

/**
 * Contrastive representation distillation (CRD): noise-contrastive estimation of whether embeddings
 * of teacher and student come from the same sample, with memory banks of past embeddings. In nats.
 * Each student embedding is scored against rows of the teacher's bank, and each teacher embedding
 * against rows of the student's bank. The loss is the sum of both sides.
 *
 * $$L = \frac{1}{N} \sum_{i} \left[ -\log \frac{P_{i0}}{P_{i0} + K/M + \varepsilon}
 * - \sum_{k=1}^{K} \log \frac{K/M}{P_{ik} + K/M + \varepsilon} \right] \text{ on each side}, \qquad
 * P_{ik} = \frac{1}{Z} \exp \frac{\langle v_i, w_{ik} \rangle}{T}$$
 *
 * v_i is an embedding, w_i0 the bank's row of the same sample, w_ik the K noise rows, M the number
 * of rows of the bank, ε = 1e-7, and Z the side's normalizer, which {@link contrastNormalizer}
 * computes from the first batch and which is constant from then on. After the step,
 * {@link updateContrastBank} moves the rows of the batch towards its embeddings.
 *
 * The loss is computed from log P, so that no score overflows, together with both gradients. The
 * noise rows are scored in one of three ways. Shared noise: K rows are gathered once for one
 * product of K·N·dim multiplications. Separate noise per sample with M ≤ 8·K, except on webgl: one
 * product of all embeddings with the whole bank, where each score is weighted by how often its row
 * was drawn; this takes about 6·4·N·M bytes at once. Otherwise, the rows of each sample are
 * gathered in blocks of 2 MiB, or of 32 MiB on GPUs. On wasm at dim 128, a gathered row costs about
 * 8 times as much as a row of the product, hence the threshold.
 *
 * Use when: the data set is in memory, so that each sample has a row in a memory bank, and training
 * is long.
 *
 * Usual weight: 0.8 (RepDistiller, `-b 0.8` in scripts/run_cifar_distill.sh; K = 16384).
 *
 * Trainable parts: a linear projection to a common width with rows scaled to length 1, one for the
 * teacher and one for the student, `contrastProjection` of `kd-cmi/layers`; both are trained with
 * the student.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), eq. 17–19.
 *
 * @param teacherEmbedding float32 [N, dim], rows of length 1: see {@link l2Normalize}. Receives a
 * gradient, because its projection is trained too. Rows of other lengths give finite results but
 * change the meaning of the temperature.
 * @param studentEmbedding float32 [N, dim], rows of length 1; receives a gradient.
 * @param bank Both banks, float32 [M, dim], and their normalizer; constants. A queue of
 * {@link createContrastQueue} works too.
 * @param contrastIndices Rows of the bank, int32 [N, K+1] with each sample's own row in column 0,
 * or `{positives: [N], negatives: [K]}`, the same noise for the whole batch; K ≥ 1. A row that is
 * drawn twice counts twice. An index outside 0…M−1 cannot be detected without a read-back: it
 * throws or gives an undefined result, see {@link checkContrastIndices}.
 * @param options `temperature`, see {@link CrdOptions}.
 * @returns A scalar in nats, at least 0.
 * @throws If a shape, dtype or option is not as described, or the bank has no normalizer yet.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import {
 *   contrastNormalizer,
 *   crdLoss,
 *   createContrastBank,
 *   l2Normalize,
 *   sampleContrastIndices,
 *   updateContrastBank,
 * } from "kd-cmi";
 *
 * let bank = createContrastBank({ size: 100, dim: 8 });
 * const indices = tf.tensor1d([7, 42], "int32"); // positions of the batch in the data set
 * const teacherEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 *
 * const drawn = sampleContrastIndices(indices, { negatives: 16, size: 100 });
 * bank.normalizer ??= contrastNormalizer(teacherEmbedding, studentEmbedding, bank, drawn);
 * const loss = crdLoss(teacherEmbedding, studentEmbedding, bank, drawn);
 * const updated = updateContrastBank(bank, teacherEmbedding, studentEmbedding, indices);
 * tf.dispose([bank.teacher, bank.student]);
 * bank = updated;
 * ```
 */
export function crdLoss(
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
  bank: ContrastBank,
  contrastIndices: ContrastIndices,
  options: CrdOptions = {},
): tf.Scalar {
  checkOptions("crdLoss", options, ["temperature"]);
  const { temperature = 0.07 } = options;
  const banks = checkBank("crdLoss", bank);
  const { teacher, student } = checkEmbeddings(
    "crdLoss",
    teacherEmbedding,
    studentEmbedding,
    banks,
  );
  const normalizer = checkNormalizer("crdLoss", bank);
  checkContrastForm("crdLoss", contrastIndices, teacher.shape[0]);
  checkTemperature("crdLoss", temperature);
  if (!normalizer.logTeacher) checkNormalizerFits("crdLoss", banks.teacher.shape[0], temperature);

  return scalarLoss(
    "crdLoss",
    [teacher, student],
    (teacher, student) => {
      const rows = drawnRows(contrastIndices, banks.teacher.shape[0]);
      const logTeacher = normalizer.logTeacher ?? safeLog(normalizer.teacher);
      const logStudent = normalizer.logStudent ?? safeLog(normalizer.student);
      const ofTeacher = nceSide(teacher, banks.student, logTeacher, rows, temperature);
      const ofStudent = nceSide(student, banks.teacher, logStudent, rows, temperature);
      const value: tf.Scalar = tf.add(ofTeacher.loss, ofStudent.loss);
      return { value, saved: [ofTeacher.gradient, ofStudent.gradient] };
    },
    (...gradients) => gradients,
  );
}

/**
 * One side of the loss and its gradient with respect to the embeddings. With c = K/M + ε and
 * d = ⟨v, w⟩/T − log Z − log c = log(P/c), a positive costs −log(P/(P + c)) = softplus(−d) and a
 * negative log((P + c)/(K/M)) = softplus(d) + log(1 + ε M/K); their derivatives with respect to d
 * are −σ(−d), σ(d).
 */
function nceSide(
  embeddings: tf.Tensor2D,
  bank: tf.Tensor2D,
  logZ: tf.Scalar,
  rows: DrawnRows,
  temperature: number,
) {
  return tf.tidy(() => {
    const { k } = rows;
    const [n, size] = [embeddings.shape[0], bank.shape[0]];
    const anchors: tf.Tensor2D = tf.mul(embeddings, 1 / temperature);
    const shift = tf.add(logZ, Math.log(k / size + EPSILON));
    const own = pickRows(bank, rows.positives);
    const deficit = tf.sub(shift, rowSum(tf.mul(anchors, own)));
    const blocks = scoreNegatives(anchors, bank, rows).map((score) =>
      tf.tidy(() => {
        const { scores, counts, weightedRows } = score();
        const { losses, slopes } = noiseLosses(scores, shift, counts);
        return { loss: sumAll(losses), push: weightedRows(slopes) };
      }),
    );
    const loss = blocks.reduce((sum, block) => tf.add(sum, block.loss), tf.sum(softplus(deficit)));
    const push = tf.concat(blocks.map((block) => block.push));
    const gradient = tf.sub(push, tf.mul(tf.sigmoid(deficit), own));
    return {
      loss: tf.add(tf.div(loss, n), k * Math.log1p((EPSILON * size) / k)),
      gradient: tf.mul(gradient, 1 / (n * temperature)),
    };
  });
}
