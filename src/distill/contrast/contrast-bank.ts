import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkNumber } from "../../internal/checks.ts";
import { randomSource } from "../../internal/random.ts";
import { addToRows } from "../../ops/add-to-rows.ts";
import { gatherRows } from "../../ops/gather-rows.ts";
import { rowSum } from "../../ops/sums.ts";
import { checkBank, checkEmbeddings, checkRowIndices } from "./checks.ts";
import { l2Normalize } from "./l2-normalize.ts";
import type { ContrastBank } from "./types.ts";

/** Options of {@link createContrastBank} and {@link createContrastQueue}. */
export interface ContrastBankOptions {
  /** Rows of each bank: for a bank the number of training samples, for a queue its length. */
  size: number;
  /** Width of the embeddings; 128 in the paper. */
  dim: number;
  /** An integer ≥ 0 that fixes the rows; default random. */
  seed?: number | undefined;
}

/**
 * Creates the memory banks of {@link crdLoss}: an embedding of each training sample for the teacher
 * and one for the student, at first random, every entry uniform within ±√(3/dim), so that the length
 * of a row is about 1.
 *
 * There is no normalizer yet, since it depends on the embeddings: put that of
 * {@link contrastNormalizer} into the bank at the first batch, before the first loss. Both banks
 * together take 8 · size · dim bytes; {@link createContrastQueue} makes a memory that does not grow
 * with the data set.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.2; the distribution is that of RepDistiller's ContrastMemory.
 *
 * @returns `{teacher, student}`, float32 [size, dim] each, without `normalizer`. The caller owns both.
 * @throws If an option is not as described.
 *
 * @example
 * ```ts
 * import { createContrastBank } from "kd-cmi";
 *
 * const bank = createContrastBank({ size: 1000, dim: 16, seed: 1 });
 * ```
 */
export function createContrastBank(options: ContrastBankOptions): ContrastBank {
  return randomBank("createContrastBank", options);
}

/** Random rows, in the name of the public function that asks for them. */
export function randomBank(fn: string, { size, dim, seed }: ContrastBankOptions): ContrastBank {
  checkInteger(fn, "size", size, 1);
  checkInteger(fn, "dim", dim, 1);
  if (seed !== undefined) checkInteger(fn, "seed", seed, 0);
  const random = randomSource(seed);
  const bound = Math.sqrt(3 / dim);
  const rows = (): tf.Tensor2D =>
    tf.rand([size, dim], () => bound * (2 * random() - 1)) as tf.Tensor2D;
  return { teacher: rows(), student: rows() };
}

/**
 * Moves the rows of a batch towards its embeddings, after the batch's loss was computed.
 *
 * $$w_i \leftarrow \frac{m \, w_i + (1 - m) \, v_i}{\lVert m \, w_i + (1 - m) \, v_i \rVert_2}$$
 *
 * A sample that is several times in the batch moves once, towards the mean of its embeddings (in the
 * reference one of them wins). tfjs' tensors cannot be changed in place: the whole bank is copied
 * by one scatter and one addition, and nothing is read back.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.2; Wu et al., CVPR 2018 (arXiv 1805.01978).
 *
 * @param bank Both banks, float32 [size, dim].
 * @param teacherEmbedding float32 [N, dim]; goes into `bank.teacher`.
 * @param studentEmbedding float32 [N, dim]; goes into `bank.student`.
 * @param indices int32 [N], the row of each sample. An index outside 0…size−1 cannot be seen without
 * reading back: cpu throws, wasm may write over other tensors, see {@link checkContrastIndices}.
 * @param options `momentum` m within 0–1, the share of the old row; default 0.5, as in the reference.
 * @returns A new bank with the very same normalizer. The caller disposes the old banks by
 * `tf.dispose([old.teacher, old.student])`; `tf.dispose(old)` would take the normalizer away too. No
 * gradient is defined.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { createContrastBank, l2Normalize, updateContrastBank } from "kd-cmi";
 *
 * let bank = createContrastBank({ size: 100, dim: 8 });
 * const indices = tf.tensor1d([7, 42], "int32");
 * const teacherEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 *
 * const updated = updateContrastBank(bank, teacherEmbedding, studentEmbedding, indices);
 * tf.dispose([bank.teacher, bank.student]);
 * bank = updated;
 * ```
 */
export function updateContrastBank(
  bank: ContrastBank,
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
  indices: tf.Tensor,
  { momentum = 0.5 }: { momentum?: number | undefined } = {},
): ContrastBank {
  const fn = "updateContrastBank";
  const old = checkBank(fn, bank);
  const { teacher, student } = checkEmbeddings(fn, teacherEmbedding, studentEmbedding, old);
  const rows = checkRowIndices(fn, "indices", indices, teacher.shape[0]);
  checkNumber(fn, "momentum", momentum, { minimum: 0, maximum: 1 });

  return {
    teacher: moveRows(old.teacher, teacher, rows, momentum),
    student: moveRows(old.student, student, rows, momentum),
    normalizer: bank.normalizer,
  };
}

/** All entries of one sample move to the same new row, so that each adds its share of the change. */
function moveRows(bank: tf.Tensor2D, embeddings: tf.Tensor2D, rows: tf.Tensor1D, momentum: number) {
  return tf.tidy(() => {
    const column = tf.reshape(rows, [-1, 1]);
    const isSame = tf.cast(tf.equal(column, tf.reshape(rows, [1, -1])), "float32") as tf.Tensor2D;
    const count = rowSum(isSame);
    const mean = tf.div(tf.matMul(isSame, embeddings), count);
    const old = gatherRows(bank, rows);
    const moved = l2Normalize(tf.add(tf.mul(old, momentum), tf.mul(mean, 1 - momentum)));
    return addToRows(bank, rows, tf.div(tf.sub(moved, old), count));
  });
}
