import * as tf from "@tensorflow/tfjs-core";
import { keepNaN } from "./keep-nan.ts";
import { runOp } from "./run-op.ts";

/**
 * The smallest divisor, and the smallest probability whose logarithm is taken. GPUs flush numbers
 * below 1.2e-38 to zero.
 */
export const TINY = 1e-37;

/**
 * max(x, 1e-37), of any shape. NaN stays NaN, an infinite x stays infinite or becomes NaN. No gradient is
 * defined.
 *
 * `tf.maximum` with a scalar takes 20 times as long on wasm as `tf.clipByValue` (tfjs 4.22).
 */
export const atLeastTiny = <T extends tf.Tensor>(x: T): T =>
  runOp("KdCmiAtLeastTiny", { x }, {}, () =>
    keepNaN(tf.clipByValue(x, TINY, Number.POSITIVE_INFINITY), x),
  );

/**
 * log(max(p, 1e-37)), of any shape: −85 instead of −∞ for a zero probability. No gradient is
 * defined.
 */
export const safeLog = <T extends tf.Tensor>(p: T): T =>
  runOp("KdCmiSafeLog", { p }, {}, () =>
    keepNaN(
      tf.tidy(() => tf.log(tf.clipByValue(p, TINY, Number.POSITIVE_INFINITY))),
      p,
    ),
  );
