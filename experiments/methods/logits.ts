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

/**
 * Hinton's distillation, and with `standardize` logit-standardized distillation. By far the most runs
 * are of this method: it spares them the teacher.
 */
export const kd =
  ({ temperature, alpha, standardize = false }: KdOptions): Method =>
  ({ student, optimizer, teacherLogits }) => ({
    step: (batch) =>
      tf.tidy(() => {
        const prepare = (logits: tf.Tensor2D) => (standardize ? standardizeLogits(logits) : logits);
        const target = prepare(teacherLogits(batch));
        optimizer.minimize(() => {
          const studentLogits = student.model.apply(batch.inputs, {
            training: true,
          }) as tf.Tensor2D;
          const soft = tf.mul(kdLoss(target, prepare(studentLogits), { temperature }), alpha);
          const hard = crossEntropy({ labels: batch.labels, studentLogits });
          return tf.add(soft, tf.mul(hard, 1 - alpha)) as tf.Scalar;
        });
      }),
    dispose() {},
  });

/** α, β and T of the library are those of mdistiller. */
export const dkd: Method = (setup) => {
  const rising = warmUp(setup);
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
