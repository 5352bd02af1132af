import * as tf from "@tensorflow/tfjs-core";
import { atLeastNormal } from "./float-range.ts";
import { keepNaN } from "./keep-nan.ts";
import { runOp } from "./run-op.ts";

/**
 * The smallest divisor, and the smallest probability whose logarithm is taken. GPUs flush numbers
 * below 1.2e-38 to zero.
 */
export const TINY = 1e-37;

/** {@link TINY}, or 6.1e-5 with 16-bit floats. */
export const tiny = (): number => atLeastNormal(TINY);

/**
 * max(x, {@link tiny}), of any shape. NaN stays NaN, an infinite x stays infinite or becomes NaN. No gradient is
 * defined.
 *
 * `tf.maximum` with a scalar takes 20 times as long on wasm as `tf.clipByValue` (tfjs 4.22).
 */
export const atLeastTiny = <T extends tf.Tensor>(x: T): T =>
  runOp("KdCmiAtLeastTiny", { x }, {}, () =>
    keepNaN(tf.clipByValue(x, tiny(), Number.POSITIVE_INFINITY), x),
  );

/**
 * log(max(p, {@link tiny})), of any shape: −85 instead of −∞ for a zero probability. No gradient is
 * defined.
 */
export const safeLog = <T extends tf.Tensor>(p: T): T =>
  runOp("KdCmiSafeLog", { p }, {}, () =>
    keepNaN(
      tf.tidy(() => tf.log(tf.clipByValue(p, tiny(), Number.POSITIVE_INFINITY))),
      p,
    ),
  );
