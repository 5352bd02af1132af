import * as tf from "@tensorflow/tfjs-core";
import { gatherRows } from "../../ops/gather-rows.ts";
import { matMul } from "../../ops/mat-mul.ts";
import { squaredDistances } from "../../ops/squared-distances.ts";
import { rowSum } from "../../ops/sums.ts";
import { transposeMatrix } from "../../ops/transpose-matrix.ts";
import { toRows } from "./gram.ts";

/**
 * Distances between all pairs of samples, [N, N], right for samples that are near each other.
 *
 * Samples that are near each other form a cluster with a common centre c, the first of them. A sample is
 * x = c + δ. The differences of distances that angles and gradients consist of cancel between the
 * samples of a cluster, so the distances of the centres, which cancel exactly, are kept apart.
 */
export interface SampleDistances {
  /** The factor of the features: all members are those of the scaled features. */
  scale: tf.Scalar;
  squared: tf.Tensor2D;
  d: tf.Tensor2D;
  /** The squared distances of the centres, [N, N]; 0 within a cluster. */
  betweenCentres: tf.Tensor2D;
  /** The squared distances minus those of the centres, [N, N]. */
  rest: tf.Tensor2D;
  isOneCluster: tf.Tensor2D;
  /** c minus the mean of the samples, [N, D]. */
  centres: tf.Tensor2D;
  /** δ, [N, D]. */
  offsets: tf.Tensor2D;
}

/** Samples that are nearer than this share of the root mean square distance form a cluster. */
const NEAR = 0.0625;

export function sampleDistances(features: tf.Tensor): SampleDistances {
  const raw = toRows(features);
  const scale = powerOfTwo(raw);
  const x: tf.Tensor2D = tf.mul(raw, scale);
  const squared = squaredDistances(x);
  const isNear = tf.less(squared, tf.mul(tf.mean(squared), NEAR ** 2));
  const first: tf.Tensor1D = tf.argMax(tf.cast(isNear, "float32"), 1);
  const isOneCluster: tf.Tensor2D = tf.equal(tf.reshape(first, [-1, 1]), first);
  const firstRows = gatherRows(x, first);
  const offsets: tf.Tensor2D = tf.sub(x, firstRows);
  const centres: tf.Tensor2D = tf.sub(firstRows, tf.mean(x, 0, true));
  const betweenCentres = gatherRows(tf.transpose(gatherRows(squared, first)), first);

  // |x_i − x_j|² − |c_i − c_j|² = ⟨s_i − s_j, δ_i − δ_j⟩ with s = 2c + δ
  const sums: tf.Tensor2D = tf.add(tf.mul(centres, 2), offsets);
  const own = rowSum(tf.mul(sums, offsets));
  const half = tf.sub(own, matMul(sums, transposeMatrix(offsets)));
  const apart: tf.Tensor2D = tf.add(half, tf.transpose(half));
  const rest = tf.where(isOneCluster, squared, apart);
  const d = tf.sqrt(squared);
  return { scale, squared, d, betweenCentres, rest, isOneCluster, centres, offsets };
}

/** 1, or 2⁸⁰ for small features, whose squares would be below the range of float32. Loses no digit. */
function powerOfTwo(x: tf.Tensor2D): tf.Scalar {
  const isSmall = tf.less(tf.max(tf.abs(x)), 2 ** -40);
  return tf.where(isSmall, tf.scalar(2 ** 80), tf.scalar(1));
}

/**
 * Σ_j W_ij (x_i − x_j) of a symmetric W. The centres count between clusters only, since W is large within
 * them, where the centres cancel.
 */
export function weightedDifferences(
  w: tf.Tensor2D,
  { isOneCluster, centres, offsets }: SampleDistances,
): tf.Tensor2D {
  const between = tf.where(isOneCluster, tf.zerosLike(w), w);
  const sums = (w: tf.Tensor2D, x: tf.Tensor2D) => tf.sub(tf.mul(x, rowSum(w)), matMul(w, x));
  return tf.add(sums(between, centres), sums(w, offsets));
}
