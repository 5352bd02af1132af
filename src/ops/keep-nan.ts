import * as tf from "@tensorflow/tfjs-core";
import { select } from "./select.ts";

/** Backends on which some element-wise operations turn NaN into a number. */
const SWALLOWING = ["wasm", "webgpu"];

/**
 * A result of an element-wise operation on x, with NaN where x is NaN or infinite. No gradient is
 * defined.
 *
 * `tf.clipByValue`, `tf.relu` and `tf.sign` on wasm or webgpu return a number for NaN, and `tf.log` on
 * webgpu returns 89 (tfjs 4.22). On the other backends the result is returned as it is.
 */
export const keepNaN = <T extends tf.Tensor>(result: T, x: tf.Tensor): T =>
  SWALLOWING.includes(tf.getBackend()) ? tf.tidy(() => tf.add(result, tf.sub(x, x))) : result;

/**
 * A result of an element-wise operation on x, with NaN where x is NaN: {@link keepNaN} for an x that may be
 * infinite. No gradient is defined.
 *
 * `tf.exp` and `tf.sigmoid` on webgpu return ∞ and 0 for NaN (tfjs 4.22).
 */
export const keepNaNAlone = <T extends tf.Tensor>(result: T, x: T): T =>
  SWALLOWING.includes(tf.getBackend())
    ? tf.tidy(() => select(tf.notEqual(x, x), x, result))
    : result;
