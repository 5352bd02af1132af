import * as tf from "@tensorflow/tfjs-core";
import { classIndices } from "../ops/class-indices.ts";
import { gatherRows } from "../ops/gather-rows.ts";
import { matMul } from "../ops/mat-mul.ts";
import { oneHot } from "../ops/one-hot.ts";

/** Whether labels are class indices, [N] or [N, 1], and not rows [N, C]. */
const areIndices = ({ rank, shape }: tf.Tensor) => rank === 1 || shape[1] === 1;

/** The labels themselves, if they are int32 [N]: each kernel that is not run counts in a small loss. */
function flatIndices(labels: tf.Tensor): tf.Tensor1D {
  const flat: tf.Tensor1D = labels.rank === 1 ? (labels as tf.Tensor1D) : tf.reshape(labels, [-1]);
  return flat.dtype === "int32" ? flat : tf.cast(flat, "int32");
}

/**
 * The class index of each sample, int32 [N], of indices and of one-hot rows of int32 or bool. Undefined
 * for float32 rows, which may be any distribution.
 */
export function labelIndices(labels: tf.Tensor): tf.Tensor1D | undefined {
  if (areIndices(labels)) return flatIndices(labels);
  return labels.dtype === "float32" ? undefined : classIndices(labels as tf.Tensor2D);
}

/**
 * Labels as float32 rows [N, C], each a distribution over the classes. The row of an index outside
 * 0…C−1 is zero.
 */
export const labelRows = (labels: tf.Tensor, numClasses: number): tf.Tensor2D =>
  areIndices(labels)
    ? oneHot(flatIndices(labels), numClasses)
    : tf.cast(labels as tf.Tensor2D, "float32");

/** One-hot rows [N, C] of one class per sample: that of the largest entry of a float32 row. */
export const classRows = (labels: tf.Tensor, numClasses: number): tf.Tensor2D =>
  areIndices(labels) || labels.dtype !== "float32"
    ? labelRows(labels, numClasses)
    : oneHot(tf.argMax(labels, 1), numClasses);

/**
 * Σ_y t_iy matrix[y], where t_i are the rows of the labels: [C, D] → [N, D]. For indices and for one-hot
 * rows of int32 or bool, this gathers rows. For float32 rows, it is a product of N · C · D
 * multiplications.
 */
export function mixRows(matrix: tf.Tensor2D, labels: tf.Tensor): tf.Tensor2D {
  const indices = labelIndices(labels);
  return indices ? gatherRows(matrix, indices) : matMul(labels as tf.Tensor2D, matrix);
}
