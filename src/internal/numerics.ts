import * as tf from "@tensorflow/tfjs-core";

/** The smallest divisor, and the smallest probability whose logarithm is taken: GPUs flush anything below 1.2e-38 to zero. */
export const TINY = 1e-37;

/** max(x, 1e-37). The maximum with a scalar takes 20 times as long on wasm as this. */
export const atLeastTiny = <T extends tf.Tensor>(x: T): T => tf.clipByValue(x, TINY, 3e38);

/** log(max(p, 1e-37)): an empty probability costs 85 nats instead of giving -Infinity. */
export const safeLog = <T extends tf.Tensor>(p: T): T => tf.log(atLeastTiny(p)) as T;

/** Rows of softmax, of the logits less their maximum, and log Σ exp of the latter, [N, 1]. */
export function softmaxParts(logits: tf.Tensor2D) {
  const shifted = tf.sub(logits, tf.max(logits, 1, true)) as tf.Tensor2D;
  const exp = tf.exp(shifted);
  const sum = rowSum(exp);
  return { p: tf.div(exp, sum) as tf.Tensor2D, shifted, logSum: tf.log(sum) };
}

/** Rows of softmax and of its logarithm; finite for every finite input. */
export function softmaxAndLog(logits: tf.Tensor2D): { p: tf.Tensor2D; logP: tf.Tensor2D } {
  const { p, shifted, logSum } = softmaxParts(logits);
  return { p, logP: tf.sub(shifted, logSum) };
}

/**
 * Row indices[i] of a matrix for each i: by gatherND on wasm, where gather takes 400 times as long,
 * and by gather elsewhere, where gatherND takes several times as long.
 */
export function gatherRows(matrix: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  if (tf.getBackend() !== "wasm") return tf.gather(matrix, indices);
  return tf.gatherND(matrix, tf.reshape(indices, [-1, 1])) as tf.Tensor2D;
}

/** x / temperature, or x itself at temperature 1, which saves a kernel. */
export const atTemperature = (x: tf.Tensor2D, temperature: number): tf.Tensor2D =>
  temperature === 1 ? x : tf.mul(x, 1 / temperature);

/** Sums of rows, [N, C] → [N, 1]. */
export const rowSum = (x: tf.Tensor): tf.Tensor2D => tf.sum(x, 1, true);

/**
 * Takes a gradient back through rows of p = softmax(z): dz = p ∘ (g − Σ_c p_c g_c).
 * A constant added to a row of g changes nothing.
 */
export const softmaxGradient = (p: tf.Tensor2D, g: tf.Tensor): tf.Tensor2D =>
  tf.mul(p, tf.sub(g, rowSum(tf.mul(p, g))));

/** log(1 + exp(x)), finite for every finite x: max(x, 0) − log σ(|x|), of which σ is cheap on wasm. */
export const softplus = <T extends tf.Tensor>(x: T): T =>
  tf.tidy(() => {
    const excess = tf.tidy(() => tf.log(tf.sigmoid(tf.abs(x))));
    return tf.sub(tf.relu(x), excess);
  }) as T;
