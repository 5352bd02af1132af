import type * as tf from "@tensorflow/tfjs-core";
import { classIndices } from "../ops/class-indices.ts";
import { gatherRows } from "../ops/gather-rows.ts";
import { safeLog } from "../ops/safe-log.ts";

/**
 * log Q_{y_i} for each sample, [N, C]. Takes the logarithm of the rows of the batch or of the
 * centroids, whichever are fewer.
 */
export function logCentroidRows(centroids: tf.Tensor2D, labels: tf.Tensor): tf.Tensor2D {
  const indices = classIndices(labels);
  return indices.shape[0] < centroids.shape[0]
    ? safeLog(gatherRows(centroids, indices))
    : gatherRows(safeLog(centroids), indices);
}
