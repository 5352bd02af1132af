import * as tf from "@tensorflow/tfjs-core";
import { keepNaN } from "./keep-nan.ts";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { atTemperature } from "./softmax.ts";
import { rowSum } from "./sums.ts";

/** Logits, or logarithms of probabilities, that differ by less are compared by a series. */
const NEAR = 0.25;

/**
 * Computes T²/K Σ_k KL(σ(t_k) ‖ σ(s_k)) of each row, where t = target/T and s = logits/T, and the
 * derivative T/K (σ(s) − σ(t)) with respect to the logits: float32 [N, K] twice → [N, 1] and [N, K].
 * Both keep their digits where the distributions are close or saturated. A logit of ±∞ is a certain
 * outcome. No further gradient is defined.
 *
 * The divergence is the sum over both outcomes of p x + q − p, where x = log p − log q. No term is
 * negative, so none cancels, and for small x the term is p (x²/2 − x³/6 + …). If the logits
 * themselves are close, the logarithms cancel: with d = s − t and w = p (1 − p), the divergence is then
 * w d² [1/2 + (1 − 2p) d/6 + (1 − 6w) d²/24 + (1 − 2p) (1 − 12w) d³/120 + …], the remainder of the
 * Taylor series of softplus.
 */
export function binaryDivergence(
  target: tf.Tensor2D,
  logits: tf.Tensor2D,
  temperature: number,
): RowLosses {
  return runRowLosses("KdCmiBinaryDivergence", { target, logits }, { temperature }, () => {
    const t = outcomes(atTemperature(target, temperature));
    const s = outcomes(atTemperature(logits, temperature));
    // σ(s) − σ(t) from the smaller of p and 1 − p, which has more digits.
    const change = tf.add(
      tf.mul(t.no.p, tf.sub(s.yes.p, t.yes.p)),
      tf.mul(t.yes.p, tf.sub(t.no.p, s.no.p)),
    );
    const curve: tf.Tensor2D = tf.sub(s.curve, t.curve);
    const far: tf.Tensor2D = tf.add(share(t.yes, s.yes, curve), share(t.no, s.no, curve));
    const distance: tf.Tensor2D = tf.sub(logits, target);
    const difference = atTemperature(distance, temperature);
    const isNear = tf.less(tf.abs(difference), NEAR);
    const divergence = keepNaN(tf.where(isNear, remainder(t, difference), far), change);
    const numLabels = target.shape[1];
    return {
      losses: tf.mul(rowSum(divergence), temperature ** 2 / numLabels),
      slopes: tf.mul(change, temperature / numLabels),
    };
  });
}

/** One outcome of a logit z: p = σ(±z), and log p = −bend − curve, where bend = max(0, ∓z). */
interface Outcome {
  p: tf.Tensor2D;
  bend: tf.Tensor2D;
}

interface Outcomes {
  yes: Outcome;
  no: Outcome;
  /** log(1 + exp(−|z|)) */
  curve: tf.Tensor2D;
}

function outcomes(logits: tf.Tensor2D): Outcomes {
  const opposite = tf.neg(logits);
  return {
    yes: { p: tf.sigmoid(logits), bend: positivePart(opposite) },
    no: { p: tf.sigmoid(opposite), bend: positivePart(logits) },
    curve: tf.neg(tf.log(tf.sigmoid(tf.abs(logits)))),
  };
}

/** max(x, 0). `tf.relu` on webgl returns NaN for −∞ (tfjs 4.22). */
const positivePart = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.where(tf.greater(x, 0), x, tf.zerosLike(x));

/** p x + q − p of one outcome, where x = log p − log q. It is q if p is 0, also for an infinite x. */
function share(t: Outcome, s: Outcome, curve: tf.Tensor2D): tf.Tensor2D {
  const x: tf.Tensor2D = tf.add(tf.sub(s.bend, t.bend), curve);
  const y = tf.clipByValue(x, -NEAR, NEAR);
  const series = polynomial(y, [1 / 2, -1 / 6, 1 / 24, -1 / 120]);
  const near: tf.Tensor2D = tf.mul(tf.mul(t.p, tf.square(y)), series);
  const weighted = tf.where(tf.equal(t.p, 0), tf.zerosLike(x), tf.mul(t.p, x));
  const far: tf.Tensor2D = tf.add(weighted, tf.sub(s.p, t.p));
  return tf.where(tf.less(tf.abs(x), NEAR), near, far);
}

function remainder({ yes, no }: Outcomes, difference: tf.Tensor): tf.Tensor2D {
  const d = tf.clipByValue(difference, -NEAR, NEAR);
  const w = tf.mul(yes.p, no.p);
  const slant = tf.sub(no.p, yes.p);
  const odd = tf.add(1 / 6, tf.mul(tf.square(d), polynomial(w, [1 / 120, -1 / 10])));
  const even = tf.add(1 / 2, tf.mul(tf.square(d), polynomial(w, [1 / 24, -1 / 4])));
  return tf.mul(tf.mul(w, tf.square(d)), tf.add(even, tf.mul(tf.mul(slant, d), odd)));
}

/** Σ_k coefficients[k] x^k */
const polynomial = (x: tf.Tensor, coefficients: readonly number[]): tf.Tensor =>
  coefficients
    .slice(0, -1)
    .reduceRight<tf.Tensor>(
      (sum, coefficient) => tf.add(tf.mul(sum, x), coefficient),
      tf.scalar(coefficients.at(-1)!),
    );
