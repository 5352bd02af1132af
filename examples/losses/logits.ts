import * as tf from "@tensorflow/tfjs-core";
import { kdLoss } from "kd-cmi";
import { studentNetwork } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "the teacher's softened probabilities (KD)";

/** Weight of the distillation loss. Cross-entropy has the weight 1 − ALPHA. */
const ALPHA = 0.9;

export async function run(setup: Setup) {
  const teacher = await trainTeacher(setup);
  const student = studentNetwork();
  const optimizer = tf.train.adam(LEARNING_RATE);

  return distil(setup, student, ({ inputs, labels }) => {
    const teacherLogits = teacher.apply(inputs) as tf.Tensor2D;
    return optimizer.minimize(() => {
      const logits = student.apply(inputs) as tf.Tensor2D;
      const soft = kdLoss(teacherLogits, logits, { temperature: 4 });
      const hard = crossEntropy(labels, logits);
      return tf.add(tf.mul(soft, ALPHA), tf.mul(hard, 1 - ALPHA));
    }, true)!;
  });
}
