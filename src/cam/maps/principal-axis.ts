import * as tf from "@tensorflow/tfjs-core";
import { batchProduct } from "../../ops/batch-product.ts";
import { oneHot } from "../../ops/one-hot.ts";
import { atLeastTiny } from "../../ops/safe-log.ts";

/**
 * Rounds of three squarings: 2^15 steps of a power iteration. Measured: a second singular value of
 * 99.9 % leaves an error of 2e-6, one of 99.95 % leaves 1e-5. With one round less, the error at
 * 99.9 % is 3e-4.
 */
const ROUNDS = 5;

/**
 * Projects rows on their first principal axis, for each matrix of a batch: [n, P, K] → [n, P, 1],
 * with arbitrary sign. Rows are centred first.
 */
export function principalProjection(x: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const [rows, scale] = tf.tidy((): [tf.Tensor3D, tf.Tensor3D] => {
      const centred: tf.Tensor3D = tf.sub(x, tf.mean(x, 1, true));
      const extreme = atLeastTiny(absoluteExtreme(centred));
      return [tf.div(centred, extreme), extreme]; // squares do not over- or underflow
    });
    const axis =
      x.shape[1] < x.shape[2]
        ? unit(
            batchProduct(rows, leadingEigenvector(batchProduct(rows, rows, { b: true })), {
              a: true,
            }),
          )
        : leadingEigenvector(batchProduct(rows, rows, { a: true }));
    return tf.mul(batchProduct(rows, axis), scale);
  });
}

/**
 * The unit eigenvector of the largest eigenvalue, for each symmetric positive semidefinite matrix:
 * [n, m, m] → [n, m, 1]; zero for a matrix of zeros.
 *
 * Repeated squaring reaches (λ₂/λ₁)^(2^s) after s products, for which power iteration needs 2^s
 * steps, and it needs no start vector, which might be orthogonal to the axis. If eigenvalues are
 * equal, the matrix tends to the projection on their common space, and any of its nonzero columns
 * is a valid axis.
 */
export function leadingEigenvector(gram: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    let power = gram;
    for (let round = 0; round < ROUNDS; round++) {
      const next = tf.tidy(() => eighthPower(power));
      if (round > 0) power.dispose();
      power = next;
    }
    // The longest column, because a column near zero would be mostly rounding.
    const longest: tf.Tensor1D = tf.argMax(tf.sum(tf.square(power), 1), 1);
    const m = gram.shape[1];
    return unit(batchProduct(power, tf.reshape(oneHot(longest, m), [-1, m, 1])));
  });
}

/**
 * The eighth power of G divided by its largest entry. That entry is on the diagonal, so λ₁ is
 * within 1…m, and λ₁^8 fits into float32.
 */
function eighthPower(gram: tf.Tensor3D): tf.Tensor3D {
  const square = (x: tf.Tensor3D) => {
    const product = batchProduct(x, x);
    x.dispose();
    return product;
  };
  const scaled: tf.Tensor3D = tf.div(gram, atLeastTiny(tf.max(gram, [1, 2], true)));
  return square(square(square(scaled)));
}

/** Scales columns [n, m, 1] to length 1. Zeros stay zeros. */
const unit = (x: tf.Tensor3D): tf.Tensor3D =>
  tf.div(x, atLeastTiny(tf.sqrt(tf.sum(tf.square(x), 1, true))));

/**
 * The largest absolute value of each matrix, [n, P, K] → [n, 1, 1], without a copy of all values.
 */
const absoluteExtreme = (x: tf.Tensor3D): tf.Tensor3D =>
  tf.maximum(tf.max(x, [1, 2], true), tf.neg(tf.min(x, [1, 2], true)));

/**
 * Flips the sign of each row, [n, P], if necessary to make its larger absolute extreme positive.
 */
export function fixSign(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const excess = tf.add(tf.max(rows, 1, true), tf.min(rows, 1, true));
    const isNegative = tf.step(tf.neg(excess));
    return tf.mul(rows, tf.sub(1, tf.mul(isNegative, 2)));
  });
}
