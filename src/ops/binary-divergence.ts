import * as tf from "@tensorflow/tfjs-core";
import { keepNaN, keepNaNAlone } from "./keep-nan.ts";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { atTemperature } from "./softmax.ts";
import { rowSum } from "./sums.ts";

/** Logits, or logarithms of probabilities, that differ by less are compared by a series. */
const NEAR = 0.2;

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
    const t = outcomes(target, temperature);
    const s = outcomes(logits, temperature);
    // σ(s) − σ(t) from the smaller of p and 1 − p, which has more digits.
    const change = tf.tidy(() => {
      const viaYes = tf.mul(t.no.p, tf.sub(s.yes.p, t.yes.p));
      const viaNo = tf.mul(t.yes.p, tf.sub(t.no.p, s.no.p));
      const sum: tf.Tensor2D = tf.add(viaYes, viaNo);
      return keepNaNAlone(keepNaNAlone(sum, target), logits);
    });
    const far = tf.tidy((): tf.Tensor2D => {
      const curve: tf.Tensor2D = tf.sub(s.curve, t.curve);
      return tf.add(share(t.yes, s.yes, curve), share(t.no, s.no, curve));
    });
    tf.dispose(s);
    const sums = tf.tidy(() => {
      const distance: tf.Tensor2D = tf.sub(logits, target);
      const difference = atTemperature(distance, temperature);
      const near = remainder(t, difference);
      const isNear = tf.less(tf.abs(difference), NEAR);
      return rowSum(keepNaN(tf.where(isNear, near, far), change));
    });
    const numLabels = target.shape[1];
    return {
      losses: tf.mul(sums, temperature ** 2 / numLabels),
      slopes: tf.mul(change, temperature / numLabels),
    };
  });
}

/** One outcome of a logit z: p = σ(±z), and log p = −bend − curve, where bend = max(0, ∓z). */
type Outcome = {
  p: tf.Tensor2D;
  bend: tf.Tensor2D;
};

type Outcomes = {
  yes: Outcome;
  no: Outcome;
  /** log(1 + exp(−|z|)) */
  curve: tf.Tensor2D;
};

const outcomes = (logits: tf.Tensor2D, temperature: number): Outcomes =>
  tf.tidy(() => {
    const z = atTemperature(logits, temperature);
    const opposite = tf.neg(z);
    return {
      yes: { p: tf.sigmoid(z), bend: positivePart(opposite) },
      no: { p: tf.sigmoid(opposite), bend: positivePart(z) },
      curve: tf.tidy(() => tf.neg(tf.log(tf.sigmoid(tf.abs(z))))),
    };
  });

/** max(x, 0). `tf.relu` on webgl returns NaN for −∞ (tfjs 4.22). */
const positivePart = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => tf.where(tf.greater(x, 0), x, tf.zerosLike(x)));

/** p x + q − p of one outcome, where x = log p − log q. It is q if p is 0, also for an infinite x. */
const share = (t: Outcome, s: Outcome, curve: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => {
    const x = tf.tidy((): tf.Tensor2D => tf.add(tf.sub(s.bend, t.bend), curve));
    const near = tf.tidy((): tf.Tensor2D => {
      const y = tf.clipByValue(x, -NEAR, NEAR);
      const series = polynomial(y, [1 / 2, -1 / 6, 1 / 24, -1 / 120]);
      return tf.mul(
        tf.tidy(() => tf.mul(t.p, tf.square(y))),
        series,
      );
    });
    const far = tf.tidy((): tf.Tensor2D => {
      const weighted = tf.where(tf.equal(t.p, 0), tf.zerosLike(x), tf.mul(t.p, x));
      return tf.add(weighted, tf.sub(s.p, t.p));
    });
    return tf.where(tf.less(tf.abs(x), NEAR), near, far);
  });

const remainder = ({ yes, no }: Outcomes, difference: tf.Tensor): tf.Tensor2D =>
  tf.tidy(() => {
    const d = tf.clipByValue(difference, -NEAR, NEAR);
    const w = tf.mul(yes.p, no.p);
    const squares = tf.square(d);
    const even = tf.tidy(() => tf.add(1 / 2, tf.mul(squares, polynomial(w, [1 / 24, -1 / 4]))));
    const odd = tf.tidy(() => {
      const series = tf.add(1 / 6, tf.mul(squares, polynomial(w, [1 / 120, -1 / 10])));
      return tf.mul(tf.mul(tf.sub(no.p, yes.p), d), series);
    });
    return tf.mul(tf.mul(w, squares), tf.add(even, odd));
  });

/** Σ_k coefficients[k] x^k */
const polynomial = (x: tf.Tensor, coefficients: readonly number[]): tf.Tensor =>
  coefficients
    .slice(0, -1)
    .reduceRight<tf.Tensor>(
      (sum, coefficient) => tf.tidy(() => tf.add(tf.mul(sum, x), coefficient)),
      tf.scalar(coefficients.at(-1)!),
    );
