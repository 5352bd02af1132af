import * as tf from "@tensorflow/tfjs-core";
import { keepNaN } from "./keep-nan.ts";
import { relu } from "./relu.ts";
import { runOp } from "./run-op.ts";

/**
 * log(1 + exp(x)), of any shape, finite for every finite x: max(x, 0) − log σ(|x|). The error is about
 * 1e-7, which exceeds values below x = −16. No gradient is defined.
 *
 * `tf.softplus` on wasm takes 20 ms for a million entries, this form 5 ms (tfjs 4.22).
 */
export const softplus = <T extends tf.Tensor>(x: T): T =>
  runOp("KdCmiSoftplus", { x }, {}, () => {
    const excess = tf.tidy(() => tf.log(tf.sigmoid(tf.abs(x))));
    return keepNaN(tf.sub(relu(x), excess), x);
  });
