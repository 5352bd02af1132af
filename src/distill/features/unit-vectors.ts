import * as tf from "@tensorflow/tfjs-core";

/** Vectors shorter than this are divided by it instead, as by PyTorch's `F.normalize`. */
const EPSILON = 1e-12;

/** Vectors x / max(‖x‖, 1e-12) along an axis, and their norms ‖x‖ with that axis of size 1. */
export interface Normalized {
  unit: tf.Tensor;
  norm: tf.Tensor;
}

/** Divides the vectors along an axis by their Euclidean norms; zero vectors stay zero. */
export function normalize(x: tf.Tensor, axis: number): Normalized {
  const norm = tf.sqrt(tf.sum(tf.square(x), axis, true));
  return { unit: tf.div(x, divisor(norm)), norm };
}

/**
 * Takes a gradient back through {@link normalize}: dx = (g − u ⟨u, g⟩) / ‖x‖, and g / 1e-12 for the
 * vectors shorter than that, zero vectors included.
 */
export function normalizeGradient({ unit, norm }: Normalized, g: tf.Tensor, axis: number) {
  const along = tf.mul(tf.sum(tf.mul(unit, g), axis, true), isNormal(norm));
  return tf.div(tf.sub(g, tf.mul(unit, along)), divisor(norm));
}

/** max(‖x‖, 1e-12) */
export const divisor = (norm: tf.Tensor): tf.Tensor => tf.maximum(norm, EPSILON);

/** 1 where the vector is divided by its own norm, 0 where by 1e-12. */
export const isNormal = (norm: tf.Tensor): tf.Tensor => tf.step(tf.sub(norm, EPSILON));
