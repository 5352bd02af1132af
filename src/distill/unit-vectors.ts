import * as tf from "@tensorflow/tfjs-core";
import { atLeastNormal } from "../ops/float-range.ts";

/** With 16-bit floats, this and smaller constants are 6.1e-5. The lower bound of the norm that vectors are divided by, as in PyTorch's `F.normalize`. */
const EPSILON = 1e-12;

/** Vectors x / max(‖x‖, 1e-12) along an axis, and their norms ‖x‖ with that axis of size 1. */
export interface UnitVectors<T extends tf.Tensor> {
  unit: T;
  norm: tf.Tensor;
}

/** Entries above this are scaled before they are squared, so that the norm does not overflow. */
const LARGE = 1e16;

/** Divides the vectors along an axis by their Euclidean norms; zero vectors stay zero. */
export function unitVectors<T extends tf.Tensor>(x: T, axis: number): UnitVectors<T> {
  const scale = tf.maximum(tf.mul(tf.max(tf.abs(x), axis, true), 1 / LARGE), 1);
  const norm = tf.mul(tf.sqrt(tf.sum(tf.square(tf.div(x, scale)), axis, true)), scale);
  return { unit: tf.div(x, divisor(norm)), norm };
}

/**
 * The gradient through {@link unitVectors}: dx = (g − u ⟨u, g⟩) / ‖x‖, and g / 1e-12 for vectors
 * shorter than 1e-12, including zero vectors.
 */
export function unitVectorsGradient<T extends tf.Tensor>(
  { unit, norm }: UnitVectors<T>,
  g: T,
  axis: number,
): T {
  const along = tf.mul(tf.sum(tf.mul(unit, g), axis, true), isNormal(norm));
  return tf.div(tf.sub(g, tf.mul(unit, along)), divisor(norm));
}

/** max(‖x‖, 1e-12) */
export const divisor = (norm: tf.Tensor): tf.Tensor => tf.maximum(norm, atLeastNormal(EPSILON));

/** 1 if the vector is divided by its own norm, 0 if by 1e-12. */
export const isNormal = (norm: tf.Tensor): tf.Tensor =>
  tf.step(tf.sub(norm, atLeastNormal(EPSILON)));
