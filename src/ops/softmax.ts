import * as tf from "@tensorflow/tfjs-core";
import { expm1 } from "./expm1.ts";
import { isFloat16 } from "./float-range.ts";
import { runOp } from "./run-op.ts";
import { centre, rowSum } from "./sums.ts";

/** The shifted logit of −∞, finite so that 0 · log 0 is 0. */
const maskedLogit = (): number => (isFloat16() ? -1e4 : -1e30);

/** Added to a shifted logit, excludes a class from a softmax. Far below those that are masked. */
export const excludedLogit = (): number => (isFloat16() ? -5e4 : -1e35);

/**
 * Computes the parts of a softmax over rows: p = softmax(z) [N, C], the shifted logits z − max z
 * [N, C], and log Σ exp of these [N, 1]. A logit of −∞ is masked: its p is 0, its shifted logit −1e30, or
 * −1e4 with 16-bit floats. Finite
 * for finite logits. No gradient is defined.
 *
 * `tf.softmax` and `tf.logSoftmax` would each compute the maximum, the exponentials and the sum.
 */
export function softmaxParts(logits: tf.Tensor2D) {
  const [p, shifted, logSum] = runOp<[tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]>(
    "KdCmiSoftmaxParts",
    { logits },
    {},
    () => {
      const difference: tf.Tensor2D = tf.sub(logits, tf.max(logits, 1, true));
      const [p, logSum] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
        const exp = tf.exp(difference); // not of the bounded logits, for which some backends drop NaN
        const sum = rowSum(exp);
        return [tf.div(exp, sum), tf.log(sum)];
      });
      return [p, tf.clipByValue(difference, maskedLogit(), 0), logSum];
    },
  );
  return { p, shifted, logSum };
}

/**
 * Computes the softmax of each row of logits divided by a temperature, and its logarithm, [N, C] each.
 * Finite for finite logits.
 */
export const softmaxAndLog = (logits: tf.Tensor2D, temperature = 1) =>
  tf.tidy((): { p: tf.Tensor2D; logP: tf.Tensor2D } => {
    const { p, shifted, logSum } = tf.tidy(() => softmaxParts(atTemperature(logits, temperature)));
    return { p, logP: tf.sub(shifted, logSum) };
  });

/** Rows of probabilities p, and p − 1/C, [N, C] each. */
export interface CentredSoftmax {
  p: tf.Tensor2D;
  centred: tf.Tensor2D;
}

/**
 * The softmax p of each row, and p − 1/C, the probabilities minus their mean, [N, C] each. With
 * y = exp(z − max z) − 1, it is (y − ȳ)/(C + Σ y), which has all digits for nearly equal probabilities. No
 * gradient is defined.
 */
export function centredSoftmax(logits: tf.Tensor2D): CentredSoftmax {
  const [p, centred] = runOp<[tf.Tensor2D, tf.Tensor2D]>(
    "KdCmiCentredSoftmax",
    { logits },
    {},
    () => {
      const numClasses = logits.shape[1];
      const difference: tf.Tensor2D = tf.sub(logits, tf.max(logits, 1, true));
      const exp = tf.exp(difference);
      const y = tf.tidy(() => expm1(difference, exp));
      difference.dispose();
      const total = tf.add(rowSum(y), numClasses);
      return [tf.div(exp, total), tf.tidy(() => tf.div(centre(y), total))];
    },
  );
  return { p, centred };
}

/**
 * The gradient through rows of p = softmax(z): dz = p ∘ (g − Σ_c p_c g_c). A constant added to a
 * row of g changes nothing.
 */
export const softmaxGradient = (p: tf.Tensor2D, g: tf.Tensor): tf.Tensor2D =>
  tf.tidy(() =>
    tf.mul(
      p,
      tf.sub(
        g,
        tf.tidy(() => rowSum(tf.mul(p, g))),
      ),
    ),
  );

/**
 * Divides logits by a temperature. At temperature 1 it returns the logits, which saves a kernel.
 */
export const atTemperature = (logits: tf.Tensor2D, temperature: number): tf.Tensor2D =>
  temperature === 1 ? logits : tf.mul(logits, 1 / temperature);
