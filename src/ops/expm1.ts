import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";
import { select } from "./select.ts";

/** Up to here, the error of exp(x) − 1 exceeds that of the series. */
const NEAR = 0.1;

/**
 * exp(x) − 1 of x ≤ 0, of any shape, given exp(x), with a relative error of about 1e-6, also for small x. NaN stays NaN.
 * No gradient is defined.
 *
 * `tf.expm1` on webgl and webgpu subtracts 1 from the exponential, and on wasm takes 10 times as long as
 * `tf.exp` (tfjs 4.22).
 */
export const expm1 = <T extends tf.Tensor>(x: T, exp: T): T =>
  runOp("KdCmiExpm1", { x, exp }, {}, () => {
    // The coefficients of the series from its fifth term down.
    const sum = [1 / 120, 1 / 24, 1 / 6, 1 / 2].reduce<tf.Tensor>((sum, next) => {
      const longer = tf.tidy(() => tf.add(tf.mul(x, sum), next));
      sum.dispose();
      return longer;
    }, tf.scalar(0));
    const series: T = tf.tidy(() => tf.mul(x, tf.add(tf.mul(x, sum), 1)));
    sum.dispose();
    return select(tf.less(tf.abs(x), NEAR), series, tf.sub(exp, 1) as T);
  });
