import * as tf from "@tensorflow/tfjs-core";
import { checkCentroids, checkLabelShape, checkMatrix, checkNumber } from "../internal/checks.ts";
import { toIndices, toOneHot } from "../internal/labels.ts";
import { gatherRows, rowSum, safeLog, softmaxGradient } from "../internal/numerics.ts";

/**
 * The centroid of each class: the mean of the probabilities that the network gives to the samples
 * of that class.
 *
 * $$Q_y = \frac{1}{n_y} \sum_{i : y_i = y} \mathrm{softmax}(z_i)$$
 *
 * For a training set that does not fit into one batch, use the centroids of {@link CmiEstimator}.
 *
 * Source: Ye et al., ICLR 2024 (arXiv 2401.08732), eq. 13; Yang et al., arXiv 2309.09123, eq. 12.
 *
 * @param labels int32 class indices [N] or one-hot [N, C]; a row whose index is outside 0…C−1
 * counts in no class, see {@link checkLabels}.
 * @param logits float32 [N, C].
 * @returns float32 [C, C]; row y sums to 1. The row of a class that is absent from the batch is
 * uniform, 1/C. Differentiable by the logits.
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
  const op = tf.customGrad((x, save) => {
    const p = tf.softmax(x as tf.Tensor2D);
    const { means, isAbsent } = classMeans(toOneHot(labels, numClasses));
    (save as tf.GradSaveFunc)([p, means]);
    const gradFunc = (dy: tf.Tensor, [p, means]: tf.Tensor[]) => {
      const dp = tf.matMul(tf.transpose(means as tf.Tensor2D), dy as tf.Tensor2D);
      return softmaxGradient(p as tf.Tensor2D, dp);
    };
    return { value: tf.add(tf.matMul(means, p), tf.div(isAbsent, numClasses)), gradFunc };
  });
  return op(z) as tf.Tensor2D;
}

/**
 * Moves the centroids towards those of a batch, as an exponential moving average; the rows of
 * classes that the batch lacks stay as they are.
 *
 * $$Q_y \leftarrow d \, Q_y + (1 - d) \, Q_y^{batch}, \quad \text{then } Q_y / \textstyle\sum_c
 * Q_{yc}$$
 *
 * @param centroids float32 [C, C].
 * @param labels int32 class indices [N] or one-hot [N, C]; a row whose index is outside 0…C−1
 * counts in no class, see {@link checkLabels}.
 * @param logits float32 [N, C].
 * @param options `decay` d within 0–1, the share of the old value; default 0.9. At 0 the batch's
 * centroids replace the old ones.
 * @returns New centroids, float32 [C, C]; the caller disposes the old ones. They are meant as a
 * constant: no gradient is defined.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { classCentroids, updateCentroids } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * const logits = tf.tensor2d([[2, 0], [0, 3], [1, 2]]);
 * let centroids = classCentroids(labels, logits);
 * const updated = updateCentroids(centroids, labels, logits, { decay: 0.99 });
 * centroids.dispose();
 * centroids = updated;
 * ```
 */
export function updateCentroids(
  centroids: tf.Tensor,
  labels: tf.Tensor,
  logits: tf.Tensor,
  { decay = 0.9 }: { decay?: number | undefined } = {},
): tf.Tensor2D {
  const z = checkMatrix("updateCentroids", "logits", logits);
  const numClasses = z.shape[1];
  checkLabelShape("updateCentroids", labels, z);
  const old = checkCentroids("updateCentroids", centroids, numClasses);
  checkNumber("updateCentroids", "decay", decay, { minimum: 0, maximum: 1 });

  return tf.tidy(() => {
    const { means, isAbsent } = classMeans(toOneHot(labels, numClasses));
    const share = tf.add(tf.mul(isAbsent, 1 - decay), decay);
    const batch = tf.mul(tf.matMul(means, tf.softmax(z)), 1 - decay);
    const mixed = tf.add(tf.mul(old, share), batch);
    return tf.div(mixed, rowSum(mixed));
  });
}

/** log Q_{y_i} for each sample, [N, C], with the logarithm taken of the fewer rows. */
export function logCentroidRows(centroids: tf.Tensor2D, labels: tf.Tensor): tf.Tensor2D {
  const indices = toIndices(labels);
  return indices.shape[0] < centroids.shape[0]
    ? safeLog(gatherRows(centroids, indices))
    : gatherRows(safeLog(centroids), indices);
}

/** The matrix [C, N] that takes the mean over each class, and a 1 for each class without samples. */
export function classMeans(oneHot: tf.Tensor2D) {
  const members = tf.transpose(oneHot);
  const counts = rowSum(members);
  const isAbsent = tf.cast(tf.equal(counts, 0), "float32");
  return { means: tf.div(members, tf.maximum(counts, 1)) as tf.Tensor2D, isAbsent };
}
