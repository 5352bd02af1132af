import * as tf from "@tensorflow/tfjs-core";
import { keepNaN } from "./keep-nan.ts";
import { runOp } from "./run-op.ts";

/**
 * The sign of each entry, −1, 0 or 1, of any shape. NaN stays NaN. No gradient is defined.
 *
 * `tf.sign` on wasm returns 0 for |x| ≤ 1e-7 (tfjs 4.22).
 */
export const sign = <T extends tf.Tensor>(x: T): T =>
  runOp("KdCmiSign", { x }, {}, () => keepNaN(tf.sub(tf.step(x), tf.step(tf.neg(x))), x));
