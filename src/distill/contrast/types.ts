import type * as tf from "@tensorflow/tfjs-core";

// Type aliases, because interfaces cannot be passed to tf.dispose or returned from tf.tidy.

/**
 * The constants Z of both sides of a {@link crdLoss}, and their logarithms, float32 scalars. Save all
 * four with a bank: below T = 1/64, Z may leave the range of float32.
 */
export type ContrastNormalizer = {
  /** Z of the teacher's embeddings scored against `bank.student`, above 0. */
  teacher: tf.Scalar;
  /** Z of the student's embeddings scored against `bank.teacher`, above 0. */
  student: tf.Scalar;
  /** log Z of the teacher's embeddings; by default log(`teacher`). */
  logTeacher?: tf.Scalar | undefined;
  /** log Z of the student's embeddings; by default log(`student`). */
  logStudent?: tf.Scalar | undefined;
};

/** Options of {@link crdLoss}, {@link inBatchCrdLoss} and {@link contrastNormalizer}. */
export interface CrdOptions {
  /** T > 0; default 0.07, as in the paper's experiments. */
  temperature?: number | undefined;
}

/**
 * Stored embeddings of teacher and student; row i of both belongs to the same sample. Constants.
 */
export type ContrastBank = {
  /** float32 [size, dim]. */
  teacher: tf.Tensor2D;
  /** float32 [size, dim]. */
  student: tf.Tensor2D;
  /** Absent until it is set to the result of {@link contrastNormalizer}. */
  normalizer?: ContrastNormalizer | undefined;
};

/** Rows of a bank, with noise rows that are shared by the whole batch. */
export type SharedContrastIndices = {
  /** int32 [N], the row of each sample. */
  positives: tf.Tensor1D;
  /** int32 [K], the noise rows of every sample. */
  negatives: tf.Tensor1D;
};

/** Rows of a bank: int32 [N, K+1] with the positive in column 0, or shared by the batch. */
export type ContrastIndices = tf.Tensor2D | SharedContrastIndices;
