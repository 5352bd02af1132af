import * as tf from "@tensorflow/tfjs-core";
import { keepNaN } from "./keep-nan.ts";
import { klDivergence } from "./kl-divergence.ts";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { atTemperature, excludedLogit, softmaxParts } from "./softmax.ts";
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
    const t = decouple(teacher, temperature, classes);
    const s = decouple(logits, temperature, classes);
    const losses = tf.tidy((): tf.Tensor2D => {
      const tckd = klDivergence(t.binary, s.binary);
      const nckd = klDivergence(t.others, s.others);
      return tf.mul(tf.add(tf.mul(tckd, alpha), tf.mul(nckd, beta)), temperature ** 2);
    });
    tf.dispose([t.others.logP, s.others.logP]);
    const slopes = tf.tidy((): tf.Tensor2D => {
      const pull = tf.mul(tf.sub(s.p, t.p), alpha * temperature);
      const direction = tf.sub(classes, s.others.p);
      const difference = tf.mul(tf.sub(s.others.p, t.others.p), beta * temperature);
      return tf.add(tf.mul(direction, pull), difference);
    });
    return { losses, slopes };
  });
}

/**
 * The log odds d of the target class [N, 1], with their sigmoid, the binary distribution of target and
 * others [N, 2], and the softmax of the others [N, C], which is 0 for the target.
 */
const decouple = (logits: tf.Tensor2D, temperature: number, target: tf.Tensor2D) =>
  tf.tidy(() => {
    const { own, rest } = split(logits, temperature, target);
    const { p, shifted, logSum } = softmaxParts(rest);
    const d: tf.Tensor2D = tf.sub(own, tf.add(tf.max(rest, 1, true), logSum));
    const odds = tf.concat2d([d, tf.neg(d)], 1);
    return {
      p: tf.sigmoid(d),
      binary: { p: tf.sigmoid(odds), logP: tf.neg(softplus(tf.neg(odds))) },
      others: {
        p: tf.tidy((): tf.Tensor2D => tf.mul(p, tf.sub(1, target))),
        logP: tf.sub(shifted, logSum) as tf.Tensor2D,
      },
    };
  });

/** The shifted logit of the target class [N, 1], and those of all classes with the target excluded. */
const split = (logits: tf.Tensor2D, temperature: number, target: tf.Tensor2D) =>
  tf.tidy(() => {
    const bounded = tf.tidy(() => {
      const { p, shifted } = softmaxParts(atTemperature(logits, temperature));
      return keepNaN(shifted, p);
    });
    const own = tf.tidy(() => rowSum(tf.mul(bounded, target)));
    return { own, rest: tf.add(bounded, tf.mul(target, excludedLogit())) as tf.Tensor2D };
  });
