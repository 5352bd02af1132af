import * as tf from "@tensorflow/tfjs-core";
import { isFloat16 } from "./float-range.ts";
import { runOp } from "./run-op.ts";

/** Beyond every loss of logits up to 1e15. Masked logits, which count as −1e30, give more. */
const HUGE = 1e20;

/**
 * x, or ∞ where x is 1e20 or more, of any shape. NaN stays NaN. The logarithm of a masked probability is
 * −1e30 instead of −∞, so that 0 · log 0 is 0. A loss that counts it more than 1e-10 times is infinite.
 * With 16-bit floats, x is returned as it is. No gradient is defined.
 */
export const infiniteIfHuge = <T extends tf.Tensor>(x: T): T =>
  isFloat16()
    ? tf.clone(x)
    : runOp("KdCmiInfiniteIfHuge", { x }, {}, () =>
        tf.div(x, tf.cast(tf.less(x, HUGE), "float32")),
      );
