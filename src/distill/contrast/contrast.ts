import * as tf from "@tensorflow/tfjs-core";
import { checkMatrix, checkSameShape, describe } from "../../internal/checks.ts";
import { gatherRows } from "../../internal/numerics.ts";

// Types instead of interfaces: only those may be given to tf.dispose and come from tf.tidy.

/** The constants Z of both sides of a {@link crdLoss}, float32 scalars above 0. */
export type ContrastNormalizer = {
  /** Z of the teacher's embeddings scored against `bank.student`. */
  teacher: tf.Scalar;
  /** Z of the student's embeddings scored against `bank.teacher`. */
  student: tf.Scalar;
};

/** Options of {@link crdLoss}, {@link inBatchCrdLoss} and {@link contrastNormalizer}. */
export interface CrdOptions {
  /** T > 0; default 0.07, as in the paper's experiments. */
  temperature?: number | undefined;
}

/** Stored embeddings of teacher and student, row by row of the same samples; constants. */
export type ContrastBank = {
  /** float32 [size, dim]. */
  teacher: tf.Tensor2D;
  /** float32 [size, dim]. */
  student: tf.Tensor2D;
  /** Absent until {@link contrastNormalizer} has given it. */
  normalizer?: ContrastNormalizer | undefined;
};

/** Rows of a bank of which the noise samples serve the whole batch. */
export type SharedContrastIndices = {
  /** int32 [N], the row of each sample. */
  positives: tf.Tensor1D;
  /** int32 [K], the rows that are noise for every sample. */
  negatives: tf.Tensor1D;
};

/** Rows of a bank: int32 [N, K+1] with the positive in column 0, or shared by the batch. */
export type ContrastIndices = tf.Tensor2D | SharedContrastIndices;

/** Both banks, float32 [size, dim]. */
export function checkBank(fn: string, bank: ContrastBank) {
  const teacher = checkMatrix(fn, "bank.teacher", bank?.teacher, "dim");
  const student = checkSameShape(fn, "bank.student", bank.student, "bank.teacher", teacher);
  return { teacher, student };
}

/** Both normalizers of a bank. */
export function checkNormalizer(fn: string, { normalizer }: ContrastBank): ContrastNormalizer {
  const isScalar = (x: unknown) => x instanceof tf.Tensor && x.rank === 0 && x.dtype === "float32";
  if (isScalar(normalizer?.teacher) && isScalar(normalizer?.student)) return normalizer!;
  const expected = "{teacher, student} of float32 scalars, see contrastNormalizer";
  const got = normalizer ? "other members" : normalizer;
  throw new Error(`${fn}: bank.normalizer must be ${expected}, got ${got}`);
}

/** Embeddings [N, dim] of teacher and student, as wide as the rows of the bank. */
export function checkEmbeddings(
  fn: string,
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
  bank?: Pick<ContrastBank, "teacher">,
) {
  const teacher = checkMatrix(fn, "teacherEmbedding", teacherEmbedding, "dim");
  const name = "studentEmbedding";
  const student = checkSameShape(fn, name, studentEmbedding, "teacherEmbedding", teacher);
  if (bank && bank.teacher.shape[1] !== teacher.shape[1]) {
    const expected = `the width of bank.teacher [${bank.teacher.shape}]`;
    throw new Error(`${fn}: teacherEmbedding must have ${expected}, got [${teacher.shape}]`);
  }
  return { teacher, student };
}

/** One row of a bank for each sample, int32 [N], or several of any number. */
export function checkRowIndices(fn: string, name: string, x: tf.Tensor, batch?: number) {
  const isTensor = x instanceof tf.Tensor;
  const isRow = isTensor && x.rank === 1 && x.dtype === "int32" && x.size > 0;
  if (isRow && x.size === (batch ?? x.size)) return x as tf.Tensor1D;
  const got = isTensor ? describe(x) : typeof x;
  throw new Error(`${fn}: ${name} must be int32 [${batch ?? "rows"}], got ${got}`);
}

/** Indices of either form; those of a batch of known size when one is given. */
export function checkContrastForm(fn: string, indices: ContrastIndices, batch?: number) {
  if (indices instanceof tf.Tensor) {
    const [n, columns = 0] = indices.shape;
    const fits = indices.rank === 2 && n! > 0 && n === (batch ?? n) && columns >= 2;
    if (fits && indices.dtype === "int32") return;
  } else if (indices?.positives instanceof tf.Tensor) {
    checkRowIndices(fn, "contrastIndices.positives", indices.positives, batch);
    checkRowIndices(fn, "contrastIndices.negatives", indices.negatives);
    return;
  }
  const expected = `int32 [${batch ?? "batch"},K+1] with K >= 1 or {positives, negatives}`;
  const got =
    (indices as unknown) instanceof tf.Tensor ? describe(indices as tf.Tensor) : typeof indices;
  throw new Error(`${fn}: contrastIndices must be ${expected}, got ${got}`);
}

/** Indices ready to score by. */
export interface DrawnRows {
  /** The row of each sample, [N] or [N, 1]. */
  positives: tf.Tensor;
  /** [K] when shared by the batch, else [N, K]. */
  negatives: tf.Tensor;
  /** [N, size], how often each row is a negative of each sample; only when the whole bank is scored. */
  counts?: tf.Tensor2D;
}

/** Splits positives from negatives, and counts these where that makes the loss cheaper. */
export function drawnRows(indices: ContrastIndices, size: number): DrawnRows {
  if (!(indices instanceof tf.Tensor)) return indices;
  const positives = tf.slice(indices, [0, 0], [-1, 1]);
  const negatives: tf.Tensor2D = tf.slice(indices, [0, 1], [-1, -1]);
  if (!scoresWholeBank(negatives.shape[1], size)) return { positives, negatives };
  return { positives, negatives, counts: countRows(negatives, size) };
}

/**
 * Whether one product of all anchors with the whole bank costs less than picking the rows of each
 * anchor. Not on webgl, where tf.denseBincount reads back and tf.scatterND is quadratic.
 */
const scoresWholeBank = (k: number, size: number) => size <= 8 * k && tf.getBackend() !== "webgl";

/**
 * Input and output of tf.denseBincount are made equally wide, since on webgpu it skips entries
 * otherwise; the padding names no row.
 */
function countRows(negatives: tf.Tensor2D, size: number): tf.Tensor2D {
  return tf.tidy(() => {
    const k = negatives.shape[1];
    const width = Math.max(k, size);
    const padded: tf.Tensor2D = tf.pad(
      negatives,
      [
        [0, 0],
        [0, width - k],
      ],
      width,
    );
    return tf.slice(tf.denseBincount(padded, [], width), [0, 0], [-1, size]);
  });
}

/** The rows of a bank that indices of any shape name, one after another. */
export const pickRows = (bank: tf.Tensor2D, rows: tf.Tensor): tf.Tensor2D =>
  gatherRows(bank, tf.reshape(rows, [-1]));

/** Scores of some anchors against rows of a bank. */
export interface ScoreBlock {
  /** [n, m], the products of n anchors and m rows. */
  scores: tf.Tensor2D;
  /** [n, m], how often each row was drawn for each anchor; absent when each was drawn once. */
  counts?: tf.Tensor2D;
  /** Sums of the rows, weighted by weights [n, m]: [n, dim]. */
  combine(weights: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Scores every anchor [N, dim] against its negatives and hands the scores to `visit` in one block or
 * in several of fewer anchors, each in a tidy of its own.
 */
export function visitNegatives<T extends tf.TensorContainer>(
  anchors: tf.Tensor2D,
  bank: tf.Tensor2D,
  { negatives, counts }: DrawnRows,
  visit: (block: ScoreBlock) => T,
): T[] {
  if (counts) return [tf.tidy(() => visit({ ...scoreRows(anchors, bank), counts }))];
  if (negatives.rank === 1) {
    return [tf.tidy(() => visit(scoreRows(anchors, pickRows(bank, negatives))))];
  }
  const [n, k] = negatives.shape as [number, number];
  const length = Math.max(1, Math.floor(MAX_PICKED / (k * bank.shape[1])));
  return Array.from({ length: Math.ceil(n / length) }, (_, block) =>
    tf.tidy(() => {
      const part = Math.min(length, n - block * length);
      const take = (x: tf.Tensor) => tf.slice(x, [block * length, 0], [part, -1]);
      return visit(scoreEach(take(anchors), pickRows(bank, take(negatives))));
    }),
  );
}

/** The most numbers that are picked from a bank at once, 2 MiB of them, unless one anchor needs more. */
const MAX_PICKED = 2 ** 19;

/** All anchors against the same rows; rows · anchorsᵀ spares wasm a transposed copy of the rows. */
function scoreRows(anchors: tf.Tensor2D, rows: tf.Tensor2D): ScoreBlock {
  const scores = tf.tidy(() => {
    const columns: tf.Tensor2D = tf.transpose(anchors);
    return transposeTall(tf.matMul(rows, columns));
  });
  return { scores, combine: (weights) => tf.matMul(weights, rows) };
}

/**
 * The transpose of a matrix with many rows. A multiple of 4096 rows would put all entries of a row on
 * the same lines of a CPU's cache, which takes wasm 10 to 30 times longer; 16 more rows spread them.
 */
function transposeTall(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  if (rows % 4096 > 0 || tf.getBackend() !== "wasm") return tf.transpose(x);
  const padded: tf.Tensor2D = tf.concat([x, tf.zeros<tf.Rank.R2>([16, columns])]);
  return tf.slice(tf.transpose(padded), [0, 0], [-1, rows]);
}

/** Each of n anchors against its own k rows of the n · k given. */
function scoreEach(anchors: tf.Tensor, rows: tf.Tensor2D): ScoreBlock {
  const [n, dim] = anchors.shape as [number, number];
  const own: tf.Tensor3D = tf.reshape(rows, [n, -1, dim]);
  const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor2D => tf.reshape(tf.matMul(a, b), [n, -1]);
  return {
    scores: product(own, tf.reshape(anchors, [n, dim, 1])),
    combine: (weights) => product(tf.reshape(weights, [n, 1, -1]), own),
  };
}
