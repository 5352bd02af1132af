import * as tf from "@tensorflow/tfjs-core";
import { checkLabelShape, checkMatrix } from "../internal/checks.ts";
import { differentiable } from "../internal/differentiable.ts";
import { labelRows } from "../internal/labels.ts";
import { softmaxGradient } from "../ops/softmax.ts";
import { rowSum } from "../ops/sums.ts";

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
 * counted in no class, see {@link checkLabels}.
 * @param logits float32 [N, C].
 * @returns float32 [C, C], probabilities; row y sums to 1. The row of a class that is absent from
 * the batch is uniform, 1/C. Differentiable with respect to the logits.
 * @throws If a shape or dtype is not as described.
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
export function classCentroids(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor2D {
  const z = checkMatrix("classCentroids", "logits", logits);
  checkLabelShape("classCentroids", labels, z);
  const numClasses = z.shape[1];

  // Q = M p with M[y, i] = 1{y_i = y}/n_y, so that dp = Mᵀ dQ.
  return differentiable(
    "classCentroids",
    [z],
    (logits) => {
      const p = tf.softmax(logits);
      const { means, isAbsent } = classMeans(labelRows(labels, numClasses));
      const value: tf.Tensor2D = tf.add(tf.matMul(means, p), tf.div(isAbsent, numClasses));
      return { value, saved: [p, means] };
    },
    (dy, p, means) => [softmaxGradient(p, tf.matMul(tf.transpose(means), dy))],
  );
}

/**
 * The matrix [C, N] that averages over each class, and [C, 1] with a 1 for each class without
 * samples.
 */
export function classMeans(labels: tf.Tensor2D) {
  const members = tf.transpose(labels);
  const counts = rowSum(members);
  const isAbsent = tf.cast(tf.equal(counts, 0), "float32");
  const means: tf.Tensor2D = tf.div(members, tf.add(counts, isAbsent));
  return { means, isAbsent };
}
