import * as tf from "@tensorflow/tfjs-core";

/**
 * 1 − x, of any shape, fit for a matrix product. No gradient is defined.
 *
 * WebGL computes four entries at once. With an odd number of columns, `tf.sub(1, x)` leaves 1 in the
 * entries beyond the last column, and `tf.matMul` adds them up times those of the other operand (tfjs
 * 4.22).
 */
export const oneMinus = <T extends tf.Tensor>(x: T): T =>
  tf.tidy(() => tf.sub<T>(tf.ones(x.shape), x));
