import type * as tf from "@tensorflow/tfjs-core";
import { labelIndices } from "../internal/labels.ts";
import { centroidLosses, classCentroidLosses } from "../ops/centroid-losses.ts";
import { mixLogs } from "../ops/mix-logs.ts";
import type { RowLosses } from "../ops/row-losses.ts";

/**
 * a · CE(t_i, p_i) + b · Σ_y t_iy KL(p_i ‖ Q_y) of each sample, where t_i is its label as a row, and the
 * derivatives: see {@link centroidLosses}. Since Σ_y t_iy = 1, log Q of a row is Σ_y t_iy log Q_y.
 */
export function labelledCentroidLosses(
  labels: tf.Tensor,
  logits: tf.Tensor2D,
  centroids: tf.Tensor2D,
  attrs: Parameters<typeof centroidLosses>[3],
): RowLosses {
  const indices = labelIndices(labels);
  if (indices) return classCentroidLosses(indices, logits, centroids, attrs);
  const rows = labels as tf.Tensor2D;
  return centroidLosses(rows, logits, mixLogs(rows, centroids), attrs);
}
