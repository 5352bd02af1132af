import * as tf from "@tensorflow/tfjs-core";
import { distLoss, dkdLoss, kdLoss, standardizeLogits } from "kd-cmi";
import { crossEntropy, distil, plusCrossEntropy } from "./distil.ts";
import type { Method } from "./method.ts";
import { warmUp } from "./warm-up.ts";

export interface KdOptions {
  temperature: number;
  /** Weight of the distillation loss, 0–1. Cross-entropy has the weight 1 − alpha. */
  alpha: number;
  /** Whether the logits of teacher and student are standardized first; default false. */
  standardize?: boolean;
}

/**
 * Hinton's distillation, and with `standardize` logit-standardized distillation. It uses the cached
 * logits of the teacher, since most runs use this method.
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

/** With the defaults of α, β and T, which are those of mdistiller. */
export const dkd: Method = (setup) => {
  const rising = warmUp(setup);
  return distil(setup, {
    loss: (batch) => {
      const { labels, teacherLogits, studentLogits } = batch;
      const weight = rising(labels.shape[0]!);
      const decoupled = () => dkdLoss(labels, teacherLogits, studentLogits);
      return plusCrossEntropy(setup, weight, decoupled)(batch);
    },
  });
};

export const dist: Method = (setup) =>
  distil(setup, {
    loss: plusCrossEntropy(setup, 1, ({ teacherLogits, studentLogits }) =>
      distLoss(teacherLogits, studentLogits),
    ),
  });
