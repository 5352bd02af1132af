import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/**
 * One-hot rows of class indices: int32 [N] → float32 [N, C]. The row of an index outside 0…C−1 is zero.
 * No gradient is defined.
 *
 * `tf.oneHot` refuses a single class. On wasm it writes integers whatever dtype it is asked for, so
 * there its result is cast (tfjs 4.22).
 */
export function oneHot(indices: tf.Tensor1D, numClasses: number): tf.Tensor2D {
  return runOp("KdCmiOneHot", { indices }, { numClasses }, () => {
    const depth = Math.max(numClasses, 2);
    const dtype = tf.getBackend() === "wasm" ? "int32" : "float32";
    const hot = tf.oneHot(indices, depth, 1, 0, dtype) as tf.Tensor2D;
    const rows = dtype === "float32" ? hot : tf.cast(hot, "float32");
    return depth === numClasses ? rows : tf.slice(rows, 0, [-1, numClasses]);
  });
}
