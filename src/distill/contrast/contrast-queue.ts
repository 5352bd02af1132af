import * as tf from "@tensorflow/tfjs-core";
import { checkInteger } from "../../internal/checks.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import { checkBank, checkEmbeddings } from "./checks.ts";
import { type ContrastBankOptions, randomBank } from "./contrast-bank.ts";
import type { ContrastBank, SharedContrastIndices } from "./types.ts";

/**
 * Creates a memory of recent embeddings for {@link crdLoss}: a bank whose rows are the embeddings
 * pushed last, newest batch first. It needs no data set indices of the samples, and its size does
 * not depend on the data set. A queue is an immutable value.
 *
 * At each step, {@link updateContrastQueue} pushes the batch to the front and drops the oldest
 * rows. Then {@link contrastQueueIndices} returns the rows to compare with: the positive of a
 * sample is its own embedding, just pushed (row i of the batch is row i of the queue), and the
 * negatives, shared by the batch, are all older rows. The rows are initially random as in
 * {@link createContrastBank}. After size/N steps, all of them are embeddings.
 *
 * Source: He et al., "Momentum contrast for unsupervised visual representation learning", CVPR 2020
 * (arXiv 1911.05722), section 3.2, which the authors of CRD recommend for large data sets
 * (github.com/HobbitLong/RepDistiller/issues/40).
 *
 * @param options `size`, `dim` and `seed`, see {@link ContrastBankOptions}.
 * @returns `{teacher, student}`, float32 [size, dim] each, without `normalizer`: as for a bank, set
 * it to the result of {@link contrastNormalizer} at the first batch. The caller owns both.
 * @throws If an option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import {
 *   contrastNormalizer,
 *   contrastQueueIndices,
 *   crdLoss,
 *   createContrastQueue,
 *   l2Normalize,
 *   updateContrastQueue,
 * } from "kd-cmi";
 *
 * let queue = createContrastQueue({ size: 64, dim: 8 });
 * const teacherEmbedding = l2Normalize(tf.randomNormal([4, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([4, 8]));
 *
 * const pushed = updateContrastQueue(queue, teacherEmbedding, studentEmbedding);
 * tf.dispose([queue.teacher, queue.student]);
 * queue = pushed;
 * const rows = contrastQueueIndices(queue, 4); // positives 0 to 3, negatives 4 to 63
 * queue.normalizer ??= contrastNormalizer(teacherEmbedding, studentEmbedding, queue, rows);
 * const loss = crdLoss(teacherEmbedding, studentEmbedding, queue, rows);
 * ```
 */
export function createContrastQueue(options: ContrastBankOptions): ContrastBank {
  return randomBank("createContrastQueue", options);
}

/**
 * Pushes the embeddings of a batch into a queue: they become its first N rows, in order, and the
 * last N rows are dropped. Call it before the batch's {@link crdLoss}, see
 * {@link createContrastQueue}.
 *
 * @param queue Both banks, float32 [size, dim].
 * @param teacherEmbedding float32 [N, dim], rows of length 1, stored unchanged; N < size.
 * @param studentEmbedding float32 [N, dim], rows of length 1, stored unchanged.
 * @returns A new queue with the same normalizer tensors. The caller disposes the old rows with
 * `tf.dispose([old.teacher, old.student])`. A queue created inside `optimizer.minimize` or
 * `tf.tidy` must be kept with `tf.keep` for the next step. No gradient flows into the embeddings
 * through the queue.
 * @throws If a shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { createContrastQueue, l2Normalize, updateContrastQueue } from "kd-cmi";
 *
 * const queue = createContrastQueue({ size: 64, dim: 8 });
 * const teacherEmbedding = l2Normalize(tf.randomNormal([4, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([4, 8]));
 * const pushed = updateContrastQueue(queue, teacherEmbedding, studentEmbedding);
 * ```
 */
export function updateContrastQueue(
  queue: ContrastBank,
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
): ContrastBank {
  const fn = "updateContrastQueue";
  const old = checkBank(fn, queue);
  const { teacher, student } = checkEmbeddings(fn, teacherEmbedding, studentEmbedding, old);
  const [size, batch] = [old.teacher.shape[0], teacher.shape[0]];
  checkFits(fn, "teacherEmbedding", batch, size);

  const push = (rows: tf.Tensor2D, batchRows: tf.Tensor2D) =>
    tf.tidy(() => tf.concat2d([batchRows, sliceRows(rows, 0, size - batch)], 0));
  return {
    teacher: push(old.teacher, teacher),
    student: push(old.student, student),
    normalizer: queue.normalizer,
  };
}

/**
 * Returns the row indices of a queue for {@link crdLoss} after the batch was pushed: the positives
 * are the first N rows, and the negatives, shared by the batch, are all others, K = size − N.
 *
 * @param queue Both banks, float32 [size, dim].
 * @param batch N, the number of embeddings pushed last; an integer ≥ 1 and below the size.
 * @returns `{positives: [N], negatives: [size − N]}`, int32. The caller owns both.
 * @throws If an argument is not as described.
 *
 * @example
 * ```ts
 * import { contrastQueueIndices, createContrastQueue } from "kd-cmi";
 *
 * const queue = createContrastQueue({ size: 64, dim: 8 });
 * const { positives, negatives } = contrastQueueIndices(queue, 4); // 0 to 3 and 4 to 63
 * ```
 */
export function contrastQueueIndices(queue: ContrastBank, batch: number): SharedContrastIndices {
  const fn = "contrastQueueIndices";
  const size = checkBank(fn, queue).teacher.shape[0];
  checkInteger(fn, "batch", batch, 1);
  checkFits(fn, "batch", batch, size);
  return {
    positives: tf.range(0, batch, 1, "int32"),
    negatives: tf.range(batch, size, 1, "int32"),
  };
}

/** Checks that a queue has more rows than the batch: without older rows there are no negatives. */
function checkFits(fn: string, name: string, batch: number, size: number) {
  if (batch < size) return;
  throw new Error(`${fn}: ${name} must have fewer rows than the queue's ${size}, got ${batch}`);
}
