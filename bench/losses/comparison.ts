import * as tf from "@tensorflow/tfjs-core";

type Loss = (...students: tf.Tensor[]) => tf.Tensor;

/** A loss of this library, and its formula composed of tf operations. */
export interface Comparison {
  /** The tensors that gradients are computed for. */
  students: tf.Tensor[];
  ours: Loss;
  composition: Loss;
}

/**
 * By the name of the loss. Functions, because tensors belong to the backend they are created on.
 */
export type Comparisons = Record<string, () => Comparison>;

/** A comparison of two losses of the same two arguments, of which the student's gets a gradient. */
export const ofPair = (
  teacher: tf.Tensor,
  student: tf.Tensor,
  ours: (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor,
  composition: (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor,
): Comparison => ({
  students: [student],
  ours: (s) => ours(teacher, s),
  composition: (s) => composition(teacher, s),
});

export const normal = (seed: number, ...shape: number[]) =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

export const sumOfSquares = (x: tf.Tensor, axis?: number) =>
  tf.sum(tf.square(x), axis, axis !== undefined);

/** Scales vectors along an axis to Euclidean length 1. */
export const unit = (x: tf.Tensor, axis: number) => tf.div(x, tf.sqrt(sumOfSquares(x, axis)));

export const meanSquaredError = (a: tf.Tensor, b: tf.Tensor) => tf.mean(tf.squaredDifference(a, b));
