import * as tf from "@tensorflow/tfjs-core";
import {
  checkCentroids,
  checkLabelShape,
  checkNumber,
  checkOptions,
  checkRows,
  checkWeights,
  columnsOf,
} from "../internal/checks.ts";
import { labelRows } from "../internal/labels.ts";
import { countedRows, flatLabels, flatRows, rowWeights } from "../internal/rows.ts";
import { matMul } from "../ops/mat-mul.ts";
import { rowSum } from "../ops/sums.ts";
import { classMeans } from "./class-centroids.ts";

/** Options of {@link updateCentroids}. */
export interface UpdateCentroidsOptions {
  /** d within 0–1, the share of the old value; default 0.9. 0 replaces the old centroids. */
  decay?: number | undefined;
  /**
   * A weight ≥ 0 for each sample, float32 [N], or for each position of logits [N, …, C], float32 [N, …],
   * such as a mask of 0 and 1. Where it is 0, logits and label do not count, whatever they hold.
   */
  weights?: tf.Tensor | undefined;
}

/**
 * Updates the centroids by an exponential moving average with those of a batch. The rows of absent
 * classes are unchanged.
 *
 * $$Q_y \leftarrow d \, Q_y + (1 - d) \, Q_y^{batch}, \quad \text{then } Q_y / \textstyle\sum_c
 * Q_{yc}$$
 *
 * @param centroids float32 [C, C].
 * @param labels int32 class indices [N] or [N, 1], or float32 rows [N, C], each a distribution over the
 * classes, by which the mean is weighted. A row whose index is outside 0…C−1 is
 * counted in no class, see {@link checkLabels}. In the positions of the logits if these have more
 * dimensions: [N, …].
 * @param logits float32 [N, C], or [N, …, C] for dense outputs and sequences.
 * @param options `decay` and `weights`, see {@link UpdateCentroidsOptions}.
 * @returns New centroids, float32 [C, C], probabilities. The caller disposes the old ones. No
 * gradient is defined.
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
  options: UpdateCentroidsOptions = {},
): tf.Tensor2D {
  checkOptions("updateCentroids", options, ["decay", "weights"]);
  const { decay = 0.9, weights } = options;
  const z = checkRows("updateCentroids", "logits", logits);
  const numClasses = columnsOf(z);
  checkLabelShape("updateCentroids", labels, z);
  const old = checkCentroids("updateCentroids", centroids, numClasses);
  checkNumber("updateCentroids", "decay", decay, { minimum: 0, maximum: 1 });
  checkWeights("updateCentroids", weights, z);

  return tf.tidy(() => {
    const w = weights && rowWeights(weights, z);
    const p = tf.softmax(countedRows(flatRows(z), w));
    const { means, isAbsent } = classMeans(labelRows(flatLabels(labels, z), numClasses), w);
    const share = tf.add(tf.mul(isAbsent, 1 - decay), decay);
    const batch = tf.mul(matMul(means, p), 1 - decay);
    const mixed = tf.add(tf.mul(old, share), batch);
    const isPresent = tf.sub(1, isAbsent);
    return tf.div(mixed, tf.add(tf.mul(rowSum(mixed), isPresent), isAbsent));
  });
}
