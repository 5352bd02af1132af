import * as tf from "@tensorflow/tfjs-core";
import { checkVector } from "../../internal/checks.ts";
import { tiny } from "../../ops/safe-log.ts";

/** The quantile of the standard normal distribution at 0.001. */
const RARE = -3.0902323061678132;

/** Intervals of Simpson's rule, and how far they reach beyond the peak in standard deviations. */
const [INTERVALS, REACH] = [512, 9];

/**
 * Computes the margins of {@link overhaulLoss}: the mean of each channel of the teacher's maps where it
 * is negative, if batch normalisation makes the channel normally distributed.
 *
 * $$m_c = E[x \mid x < 0], \quad x \sim \mathcal N(\beta_c, \gamma_c^2), \qquad
 * m_c = -3 |\gamma_c| \text{ if } P(x < 0) \le 0.001$$
 *
 * Call it once, before training.
 *
 * Source: Heo et al., "A comprehensive overhaul of feature distillation", ICCV 2019
 * (arXiv 1904.01866), section 3; the rule for rare negative values follows the authors' code.
 *
 * @param scale float32 [C], γ of the batch normalisation directly before the teacher's ReLU.
 * @param offset float32 [C], its β.
 * @returns float32 [C], at most 0. Not differentiable.
 * @throws If a shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { overhaulMargin } from "kd-cmi";
 *
 * const margin = overhaulMargin(tf.tensor1d([1, 0.5]), tf.tensor1d([0, -0.3]));
 * ```
 */
export function overhaulMargin(scale: tf.Tensor, offset: tf.Tensor): tf.Tensor1D {
  const fn = "overhaulMargin";
  const gamma = checkVector(fn, "scale", scale, scale?.size);
  const beta = checkVector(fn, "offset", offset, gamma.size);
  return tf.tidy(() => {
    // A channel whose deviation is a millionth of its offset is as good as constant.
    const smallest = tf.maximum(tf.mul(tf.abs(beta), 1e-6), tiny());
    const deviation = tf.maximum(tf.abs(gamma), smallest);
    const z = tf.div(tf.neg(beta), deviation);
    const isRare = tf.lessEqual(z, RARE);
    const mean: tf.Tensor1D = tf.mul(tf.neg(deviation), meanDepth(tf.maximum(z, RARE)));
    const lowest: tf.Tensor1D = tf.mul(tf.abs(gamma), -3);
    const margin = tf.where(isRare, lowest, mean);
    return tf.add(margin, tf.mul(tf.add(gamma, beta), 0)); // NaN in, NaN out
  });
}

/**
 * The mean of t = (z − u) where the standard normal u is below z: t has the density
 * exp(−(t − z)²/2) up to a factor. By Simpson's rule over all t that count, which cancels nothing.
 */
function meanDepth(z: tf.Tensor): tf.Tensor1D {
  const peak = tf.reshape(z, [-1, 1]);
  const start = tf.relu(tf.sub(peak, REACH));
  const width = tf.sub(tf.add(tf.relu(peak), REACH), start);
  const steps = Array.from({ length: INTERVALS + 1 }, (_, k) => k / INTERVALS);
  const simpson = steps.map((_, k) => (k === 0 || k === INTERVALS ? 1 : k % 2 === 1 ? 4 : 2));
  const t = tf.add(start, tf.mul(width, tf.tensor2d([steps])));
  const density = tf.exp(tf.mul(tf.square(tf.sub(t, peak)), -1 / 2));
  const weights = tf.mul(density, tf.tensor2d([simpson]));
  return tf.div(tf.sum(tf.mul(weights, t), 1), tf.sum(weights, 1));
}
