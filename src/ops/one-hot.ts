import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/**
 * Converts labels to float32 one-hot rows [N, C], from indices [N] or one-hot rows of any dtype.
 * The row of an index outside 0…C−1 is zero. No gradient is defined.
 *
 * `tf.oneHot` rejects a single class. On wasm it writes integers regardless of the requested dtype,
 * so its result is cast there (tfjs 4.22).
 */
export function oneHot(labels: tf.Tensor, numClasses: number): tf.Tensor2D {
  if (labels.rank === 2) return tf.cast(labels as tf.Tensor2D, "float32");
  return runOp("KdCmiOneHot", { labels }, { numClasses }, () => {
    const depth = Math.max(numClasses, 2);
    const dtype = tf.getBackend() === "wasm" ? "int32" : "float32";
    const hot = tf.oneHot(labels, depth, 1, 0, dtype) as tf.Tensor2D;
    const rows = dtype === "float32" ? hot : tf.cast(hot, "float32");
    return depth === numClasses ? rows : tf.slice(rows, 0, [-1, numClasses]);
  });
}
