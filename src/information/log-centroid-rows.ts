import type * as tf from "@tensorflow/tfjs-core";
import { mixRows } from "../internal/labels.ts";
import { safeLog } from "../ops/safe-log.ts";

/**
 * Σ_y t_iy log Q_y for each sample, where t_i is its label as a row: [N, C]. The logarithm is taken of
 * the fewer rows.
 */
export function logCentroidRows(centroids: tf.Tensor2D, labels: tf.Tensor): tf.Tensor2D {
  const isFewer = labels.rank === 1 && labels.size < centroids.shape[0];
  return isFewer ? safeLog(mixRows(centroids, labels)) : mixRows(safeLog(centroids), labels);
}
