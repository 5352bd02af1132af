import * as tf from "@tensorflow/tfjs-core";
import { distLoss, dkdLoss, kdLoss, standardizeLogits } from "kd-cmi";
import { besideLabels, crossEntropy, distil } from "./distil.ts";
import type { Method } from "./method.ts";
import { warmUp } from "./warm-up.ts";

export interface KdOptions {
  temperature: number;
  /** Of the distillation loss, 0–1; the rest is that of cross-entropy. */
  alpha: number;
  /** Whether the logits of both are standardized first; default false. */
  standardize?: boolean;
}

/** Hinton's distillation, and with `standardize` logit-standardized distillation. */
export const kd =
  ({ temperature, alpha, standardize = false }: KdOptions): Method =>
  (setup) => {
    const prepare = (logits: tf.Tensor2D) => (standardize ? standardizeLogits(logits) : logits);
    return distil(setup, {
      loss(batch) {
        const [teacher, student] = [prepare(batch.teacherLogits), prepare(batch.studentLogits)];
        const soft = tf.mul(kdLoss(teacher, student, { temperature }), alpha);
        return tf.add(soft, tf.mul(crossEntropy(batch), 1 - alpha));
      },
    });
  };

/** α, β and T of the library are those of mdistiller. */
export const dkd: Method = (setup) => {
  const rising = warmUp(setup.size);
  return distil(setup, {
    loss: (batch) => {
      const { labels, teacherLogits, studentLogits } = batch;
      const weight = rising(labels.shape[0]!);
      return besideLabels(weight, () => dkdLoss(labels, teacherLogits, studentLogits))(batch);
    },
  });
};

export const dist: Method = (setup) =>
  distil(setup, {
    loss: besideLabels(1, ({ teacherLogits, studentLogits }) =>
      distLoss(teacherLogits, studentLogits),
    ),
  });
