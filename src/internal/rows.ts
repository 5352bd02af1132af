import * as tf from "@tensorflow/tfjs-core";
import { columnsOf } from "./checks.ts";

/** The last dimension as columns, all others as rows: [N, …, C] → [R, C]. */
export const flatRows = (x: tf.Tensor): tf.Tensor2D =>
  x.rank === 2 ? (x as tf.Tensor2D) : tf.reshape(x, [-1, columnsOf(x)]);

/** Rows in the shape of another tensor. */
export const unflattened = <T extends tf.Tensor>(rows: tf.Tensor2D, shape: T["shape"]): T =>
  shape.length === 2 ? (rows as tf.Tensor as T) : (tf.reshape(rows, shape as number[]) as T);

/** The shape of one number per row. */
export const rowShape = ({ shape }: tf.Tensor): number[] => shape.slice(0, -1);

/**
 * A weight for each row, [R, 1]: from weights in the shape of the rows, or from those of samples [N], which
 * hold for all positions of a sample.
 */
export function rowWeights(weights: tf.Tensor, logits: tf.Tensor): tf.Tensor2D {
  const [rows, samples] = [logits.size / columnsOf(logits), logits.shape[0] ?? 1];
  const column: tf.Tensor2D = tf.reshape(weights, [-1, 1]);
  if (weights.size === rows) return column;
  return tf.reshape(tf.mul(column, tf.ones([samples, rows / samples])), [-1, 1]);
}

/**
 * Labels of logits of any rank as those of their rows: indices [R] or [R, 1], or rows [R, C]. Where a weight
 * is 0, an index becomes 0, so that it may lie beyond C.
 */
export function flatLabels(labels: tf.Tensor, logits: tf.Tensor, weights?: tf.Tensor): tf.Tensor {
  const areRows = columnsOf(logits) > 1 && tf.util.arraysEqual(labels.shape, logits.shape);
  if (areRows) return flatRows(labels);
  if (!weights) return logits.rank === 2 ? labels : tf.reshape(labels, [-1]);
  const indices = tf.cast(tf.reshape(labels, [-1]), "int32");
  const isCounted = tf.notEqual(tf.reshape(rowWeights(weights, logits), [-1]), 0);
  return tf.where(isCounted, indices, tf.zerosLike(indices));
}

/** Rows, with zeros where the weight [R, 1] is 0, whatever they hold. */
export const countedRows = (rows: tf.Tensor2D, weights: tf.Tensor2D | undefined): tf.Tensor2D =>
  weights ? tf.where(tf.notEqual(weights, 0), rows, tf.zerosLike(rows)) : rows;
