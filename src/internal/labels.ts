import * as tf from "@tensorflow/tfjs-core";

/**
 * Class indices [N] of labels that are indices or one-hot rows: Σ_c c · y_c, since an argMax takes
 * ten times as long on WebGPU. Within 0…C−1 for any row.
 */
export function toIndices(labels: tf.Tensor): tf.Tensor1D {
  if (labels.rank === 1) return labels as tf.Tensor1D;
  const last = labels.shape[1]! - 1;
  const places = tf.range(0, last + 1, 1, "float32");
  const sums = tf.sum(tf.mul(tf.cast(labels, "float32"), places), 1);
  return tf.cast(tf.clipByValue(sums, 0, last), "int32") as tf.Tensor1D;
}

/** float32 one-hot rows [N, C]; the row of an index outside 0…C−1 is zero. */
export function toOneHot(labels: tf.Tensor, numClasses: number): tf.Tensor2D {
  if (labels.rank === 2) return tf.cast(labels as tf.Tensor2D, "float32");
  const depth = Math.max(numClasses, 2); // tf.oneHot refuses a single class
  // wasm's OneHot writes integers whatever dtype it is asked for, hence its cast.
  const dtype = tf.getBackend() === "wasm" ? "int32" : "float32";
  const oneHot = tf.oneHot(labels as tf.Tensor1D, depth, 1, 0, dtype) as tf.Tensor2D;
  const rows = dtype === "float32" ? oneHot : tf.cast(oneHot, "float32");
  return depth === numClasses ? rows : tf.slice(rows, 0, [-1, numClasses]);
}
