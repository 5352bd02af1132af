import * as tf from "@tensorflow/tfjs-core";
import { isFloat16 } from "./float-range.ts";
import { atLeastTiny } from "./safe-log.ts";

/** Tensors divided by a number that leaves a result unchanged. */
export interface Fitted<T extends tf.Tensor> {
  scaled: T;
  /** The largest entry, or nothing if the tensor was not scaled. */
  largest: tf.Tensor[];
}

/**
 * Divides by the largest entry along some axes, or of all, and by a constant, where the current backend has
 * 16-bit floats: squares above 65504 are infinite there, and squares below 6e-8 are 0. Elsewhere x is
 * returned as it is. For functions that do not depend on the scale of x, together with
 * {@link fitGradient}. No gradient is defined.
 */
export const fitRange = <T extends tf.Tensor>(x: T, axes?: number[], constant = 1): Fitted<T> =>
  isFloat16()
    ? tf.tidy(() => {
        const largest = atLeastTiny(tf.max(tf.abs(x), axes, axes !== undefined));
        return { scaled: tf.mul(tf.div(x, largest), 1 / constant) as T, largest: [largest] };
      })
    : { scaled: x, largest: [] };

/** The gradient by x, from that by the scaled x. */
export const fitGradient = <T extends tf.Tensor>(
  dy: T,
  [largest]: readonly tf.Tensor[],
  constant = 1,
): T => (largest ? tf.mul(tf.div(dy, largest), 1 / constant) : dy);
