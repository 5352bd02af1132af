import * as tf from "@tensorflow/tfjs-core";
import { klDivergence } from "./kl-divergence.ts";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { softmaxAndLog } from "./softmax.ts";

/**
 * Computes T² KL(p ‖ q) of each row, where p = softmax(target/T) and q = softmax(logits/T), and the
 * derivative T (q − p) with respect to the logits: float32 [N, C] twice → [N, 1] and [N, C]. Logits of
 * −∞ are masked as in `softmaxParts`. A row with NaN or +∞ gives NaN. No further gradient is defined.
 */
export function softDivergence(
  target: tf.Tensor2D,
  logits: tf.Tensor2D,
  temperature: number,
): RowLosses {
  return runRowLosses("KdCmiSoftDivergence", { target, logits }, { temperature }, () => {
    const p = softmaxAndLog(target, temperature);
    const q = softmaxAndLog(logits, temperature);
    const losses: tf.Tensor2D = tf.mul(klDivergence(p, q), temperature ** 2);
    tf.dispose([p.logP, q.logP]);
    return {
      losses,
      slopes: tf.mul(tf.sub(q.p, p.p), temperature),
    };
  });
}
