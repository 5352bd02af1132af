import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkNumber, checkOptions } from "../../internal/checks.ts";
import { randomSource } from "../../internal/random.ts";
import { addToRows } from "../../ops/add-to-rows.ts";
import { gatherRows } from "../../ops/gather-rows.ts";
import { matMul } from "../../ops/mat-mul.ts";
import { rowSum } from "../../ops/sums.ts";
import { checkBank, checkEmbeddings, checkRowIndices } from "./checks.ts";
import { l2Normalize } from "./l2-normalize.ts";
import type { ContrastBank } from "./types.ts";

/** Options of {@link createContrastBank} and {@link createContrastQueue}. */
export interface ContrastBankOptions {
  /** Rows of each bank: the number of training samples for a bank, the length for a queue. */
  size: number;
  /** Width of the embeddings; 128 in the paper. */
  dim: number;
  /** An integer ≥ 0 that fixes the initial rows; default random. */
  seed?: number | undefined;
}

/**
 * Creates the memory banks of {@link crdLoss}: one embedding of the teacher and one of the student
 * for each training sample. They are initially random, every entry uniform within ±√(3/dim), so the
 * length of a row is about 1.
 *
 * The result has no normalizer, because it depends on the embeddings: set it to the result of
 * {@link contrastNormalizer} at the first batch, before the first loss. Both banks together take 8
 * · size · dim bytes. {@link createContrastQueue} creates a memory that does not grow with the data
 * set.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.2; the distribution follows RepDistiller's ContrastMemory.
 *
 * @param options `size`, `dim` and `seed`, see {@link ContrastBankOptions}.
 * @returns `{teacher, student}`, float32 [size, dim] each, without `normalizer`. The caller owns
 * both.
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

/** Creates banks of random rows. `fn` is the public function that errors name. */
export function randomBank(fn: string, options: ContrastBankOptions): ContrastBank {
  checkOptions(fn, options, ["size", "dim", "seed"]);
  const { size, dim, seed } = options;
  checkInteger(fn, "size", size, 1);
  checkInteger(fn, "dim", dim, 1);
  if (seed !== undefined) checkInteger(fn, "seed", seed, 0);
  const random = randomSource(seed);
  const bound = Math.sqrt(3 / dim);
  const rows = () => tf.rand<tf.Rank.R2>([size, dim], () => bound * (2 * random() - 1));
  return { teacher: rows(), student: rows() };
}

/** Options of {@link updateContrastBank}. */
export interface UpdateContrastBankOptions {
  /** m within 0–1, the share of the old row; default 0.5, as in the reference. */
  momentum?: number | undefined;
}

/**
 * Momentum update of the batch's rows towards its embeddings. Call it after the batch's loss.
 *
 * $$w_i \leftarrow \frac{m \, w_i + (1 - m) \, v_i}{\lVert m \, w_i + (1 - m) \, v_i \rVert_2}$$
 *
 * A sample that occurs several times in the batch is updated once, with the mean of its embeddings
 * (in the reference, with one of them). Tensors cannot be changed in place: the whole bank is
 * copied by one scatter and one addition, without a read-back.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.2; Wu et al., CVPR 2018 (arXiv 1805.01978).
 *
 * @param bank Both banks, float32 [size, dim].
 * @param teacherEmbedding float32 [N, dim], for `bank.teacher`.
 * @param studentEmbedding float32 [N, dim], for `bank.student`.
 * @param indices int32 [N], the row of each sample. An index outside 0…size−1 cannot be detected
 * without a read-back: cpu throws, wasm may overwrite other tensors, see
 * {@link checkContrastIndices}.
 * @param options `momentum`, see {@link UpdateContrastBankOptions}.
 * @returns A new bank with the same normalizer tensors. The caller disposes the old banks with
 * `tf.dispose([old.teacher, old.student])`; `tf.dispose(old)` would dispose the normalizer too. No
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
  options: UpdateContrastBankOptions = {},
): ContrastBank {
  checkOptions("updateContrastBank", options, ["momentum"]);
  const { momentum = 0.5 } = options;
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

/**
 * All occurrences of a sample have the same new row, so each adds an equal share of the change.
 */
function moveRows(bank: tf.Tensor2D, embeddings: tf.Tensor2D, rows: tf.Tensor1D, momentum: number) {
  return tf.tidy(() => {
    const column = tf.reshape(rows, [-1, 1]);
    const equal: tf.Tensor2D = tf.equal(column, tf.reshape(rows, [1, -1]));
    const isSame = tf.cast(equal, "float32");
    const count = rowSum(isSame);
    const mean = tf.div(matMul(isSame, embeddings), count);
    const old = gatherRows(bank, rows);
    const moved = l2Normalize(tf.add(tf.mul(old, momentum), tf.mul(mean, 1 - momentum)));
    return addToRows(bank, rows, tf.div(tf.sub(moved, old), count));
  });
}
