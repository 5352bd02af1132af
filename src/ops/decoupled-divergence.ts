import * as tf from "@tensorflow/tfjs-core";
import { keepNaN } from "./keep-nan.ts";
import { klDivergence } from "./kl-divergence.ts";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { atTemperature, softmaxParts } from "./softmax.ts";
import { softplus } from "./softplus.ts";
import { rowSum } from "./sums.ts";

/** The parameters of {@link decoupledDivergence}. All are given. */
interface DecoupledAttrs {
  alpha: number;
  beta: number;
  temperature: number;
}

/**
 * Computes the loss of decoupled distillation of each row, T² [α KL(bᵗ ‖ bˢ) + β KL(p̂ᵗ ‖ p̂ˢ)], and its
 * derivative with respect to the student's logits: float32 [N, C] three times → [N, 1] and [N, C].
 * Each row of `classes` is one-hot. b = (p_y, 1 − p_y) is the distribution of target and non-target,
 * and p̂ is the softmax over the classes other than y. No further gradient is defined.
 *
 * With d = z_y/T − log Σ_{c≠y} exp(z_c/T), p_y = σ(d) and dd/dz = (e_y − p̂)/T, so that the derivative
 * is T · [α (σ(dˢ) − σ(dᵗ)) (e_y − p̂ˢ) + β (p̂ˢ − p̂ᵗ)].
 */
export function decoupledDivergence(
  classes: tf.Tensor2D,
  teacher: tf.Tensor2D,
  logits: tf.Tensor2D,
  { alpha, beta, temperature }: DecoupledAttrs,
): RowLosses {
  const inputs = { classes, teacher, logits };
  const attrs = { alpha, beta, temperature };
  return runRowLosses("KdCmiDecoupledDivergence", inputs, attrs, () => {
    const t = decouple(atTemperature(teacher, temperature), classes);
    const s = decouple(atTemperature(logits, temperature), classes);
    const tckd = klDivergence(t.binary, s.binary, temperature);
    const nckd = klDivergence(t.others, s.others, temperature);
    const losses = tf.add(tf.mul(tckd, alpha), tf.mul(nckd, beta));
    const pull = tf.mul(tf.sub(s.p, t.p), alpha * temperature);
    const direction = tf.sub(classes, s.others.p);
    const difference = tf.mul(tf.sub(s.others.p, t.others.p), beta * temperature);
    return {
      losses: tf.mul(losses, temperature ** 2),
      slopes: tf.add(tf.mul(direction, pull), difference),
    };
  });
}

/** Far below every logit: excludes the target class from the softmax of the others. */
const EXCLUDED = -1e35;

/**
 * The log odds d of the target class [N, 1], with their sigmoid, the binary distribution of target and
 * others [N, 2], and the softmax of the others [N, C], which is 0 for the target.
 */
function decouple(logits: tf.Tensor2D, target: tf.Tensor2D) {
  const { p, shifted } = softmaxParts(logits);
  const bounded = keepNaN(shifted, p);
  const rest: tf.Tensor2D = tf.add(bounded, tf.mul(target, EXCLUDED));
  const others = softmaxParts(rest);
  const logSumOthers = tf.add(tf.max(rest, 1, true), others.logSum);
  const d: tf.Tensor2D = tf.sub(rowSum(tf.mul(bounded, target)), logSumOthers);
  const odds = tf.concat2d([d, tf.neg(d)], 1);
  return {
    p: tf.sigmoid(d),
    binary: { p: tf.sigmoid(odds), logP: tf.neg(softplus(tf.neg(odds))) },
    others: {
      p: tf.mul(others.p, tf.sub(1, target)) as tf.Tensor2D,
      logP: tf.sub(others.shifted, others.logSum) as tf.Tensor2D,
    },
  };
}
