import * as tf from "@tensorflow/tfjs-core";
import {
  checkLabelShape,
  checkOptions,
  checkRows,
  checkWeights,
  columnsOf,
} from "../internal/checks.ts";
import { differentiableRows } from "../internal/differentiable.ts";
import { labelRows } from "../internal/labels.ts";
import { countedRows, flatLabels, rowWeights } from "../internal/rows.ts";
import { matMul } from "../ops/mat-mul.ts";
import { softmaxGradient } from "../ops/softmax.ts";
import { rowSum } from "../ops/sums.ts";

/** Options of {@link classCentroids}. */
export interface ClassCentroidsOptions {
  /**
   * A constant weight ≥ 0 for each sample, float32 [N], or for each position of logits [N, …, C], float32
   * [N, …], such as a mask of 0 and 1. Where it is 0, logits and label do not count, whatever they hold.
   */
  weights?: tf.Tensor | undefined;
}

/**
 * Computes the centroid of each class: the mean of the network's output probabilities over the
 * samples of that class.
 *
 * $$Q_y = \frac{1}{n_y} \sum_{i : y_i = y} \mathrm{softmax}(z_i)$$
 *
 * If the training set does not fit into one batch, use the centroids of {@link CmiEstimator}.
 *
 * Source: Ye et al., ICLR 2024 (arXiv 2401.08732), eq. 13; Yang et al., arXiv 2309.09123, eq. 12.
 *
 * @param labels int32 class indices [N] or [N, 1], or float32 rows [N, C], each a distribution over the
 * classes: then the mean is weighted by t_iy. A row whose index is outside 0…C−1 is
 * counted in no class, see {@link checkLabels}. In the positions of the logits if these have more
 * dimensions: [N, …].
 * @param logits float32 [N, C], or [N, …, C] for dense outputs and sequences.
 * @param options `weights`, see {@link ClassCentroidsOptions}.
 * @returns float32 [C, C], probabilities; row y sums to 1. The row of a class that is absent from
 * the batch is uniform, 1/C. Differentiable with respect to the logits.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { classCentroids } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * const logits = tf.tensor2d([[2, 0], [0, 3], [1, 2]]);
 * const centroids = classCentroids(labels, logits); // [2, 2]
 * ```
 */
export function classCentroids(
  labels: tf.Tensor,
  logits: tf.Tensor,
  options: ClassCentroidsOptions = {},
): tf.Tensor2D {
  const fn = "classCentroids";
  checkOptions(fn, options, ["weights"]);
  const { weights } = options;
  const z = checkRows(fn, "logits", logits);
  checkLabelShape(fn, labels, z);
  checkWeights(fn, weights, z);
  const numClasses = columnsOf(z);

  // Q = M p with M[y, i] = w_i 1{y_i = y}/n_y, so that dp = Mᵀ dQ.
  return differentiableRows(
    fn,
    z,
    (rows) => {
      const w = weights && rowWeights(weights, z);
      const p = tf.softmax(countedRows(rows, w));
      const { means, isAbsent } = tf.tidy(() =>
        classMeans(labelRows(flatLabels(labels, z), numClasses), w),
      );
      // One product with a further row of 1/C: a sum afterwards would take another [C, C].
      const all = tf.concat([p, tf.fill([1, numClasses], 1 / numClasses)]);
      const value: tf.Tensor2D = matMul(tf.concat([means, isAbsent], 1), all);
      return { value, saved: [p, means] };
    },
    (dy, p, means) => softmaxGradient(p, matMul(tf.transpose(means), dy)),
  );
}

/**
 * The matrix [C, R] that averages over each class, and [C, 1] with a 1 for each class without
 * samples.
 *
 * @param labels float32 rows [R, C].
 * @param weights A weight ≥ 0 for each row, [R, 1].
 */
export function classMeans(labels: tf.Tensor2D, weights?: tf.Tensor2D) {
  const shares = weights ? countedRows(tf.mul(labels, weights), weights) : labels;
  const members = tf.transpose(shares);
  const counts = rowSum(members);
  const isAbsent = tf.cast(tf.equal(counts, 0), "float32");
  const means: tf.Tensor2D = tf.div(members, tf.add(counts, isAbsent));
  return { means, isAbsent };
}
