import * as tf from "@tensorflow/tfjs-core";

/**
 * The product of two matrices, or of each pair of a batch: […, N, K] · […, K, M] → […, N, M]. No gradient
 * is defined.
 *
 * Textures of webgl hold 2×2 entries a texel. If K is odd, `tf.matMul` also multiplies the entries beyond
 * K, which element-wise operations do not leave at 0: 1 − x is 1 there, and log x is −∞. The product of
 * 1 − x [31, 31] and 1 − y [31, 11] is wrong (tfjs 4.22). An odd K is padded by zeros.
 */
export function matMul<T extends tf.Tensor>(
  a: tf.Tensor,
  b: tf.Tensor,
  transposeA = false,
  transposeB = false,
): T {
  const inner = a.rank - (transposeA ? 2 : 1);
  if (tf.getBackend() !== "webgl" || a.shape[inner]! % 2 === 0) {
    return tf.matMul(a, b, transposeA, transposeB);
  }
  return tf.tidy(() =>
    tf.matMul(padOne(a, inner), padOne(b, b.rank - (transposeB ? 1 : 2)), transposeA, transposeB),
  );
}

const padOne = (x: tf.Tensor, axis: number): tf.Tensor =>
  tf.pad(
    x,
    x.shape.map((_, i) => [0, i === axis ? 1 : 0] as [number, number]),
  );
