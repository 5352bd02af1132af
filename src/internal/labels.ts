import * as tf from "@tensorflow/tfjs-core";

/** Class indices [N] of labels that are indices or one-hot rows. */
export const toIndices = (labels: tf.Tensor): tf.Tensor1D =>
  labels.rank === 1 ? (labels as tf.Tensor1D) : tf.argMax(labels, 1);

/** float32 one-hot rows [N, C]; the row of an index outside 0…C−1 is zero. */
export function toOneHot(labels: tf.Tensor, numClasses: number): tf.Tensor2D {
  if (labels.rank === 2) return tf.cast(labels as tf.Tensor2D, "float32");
  const depth = Math.max(numClasses, 2); // tf.oneHot refuses a single class
  // wasm's OneHot writes integers whatever dtype it is asked for, hence the cast.
  const oneHot = tf.cast(tf.oneHot(labels as tf.Tensor1D, depth) as tf.Tensor2D, "float32");
  return depth === numClasses ? oneHot : tf.slice(oneHot, 0, [-1, numClasses]);
}
