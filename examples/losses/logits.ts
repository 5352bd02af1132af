import * as tf from "@tensorflow/tfjs-core";
import { kdLoss } from "kd-cmi";
import { studentNetwork } from "./networks.ts";
import {
  type Comparison,
  compare,
  crossEntropy,
  LEARNING_RATE,
  type Setup,
  train,
  trainTeacher,
} from "./training.ts";

export const title = "the teacher's softened probabilities (KD)";

/** Of the distillation loss; the rest is that of cross-entropy. */
const ALPHA = 0.9;

export async function run(setup: Setup): Promise<Comparison> {
  const teacher = await trainTeacher(setup);
  const student = studentNetwork();
  const optimizer = tf.train.adam(LEARNING_RATE);

  const { studentImages, epochs, log } = setup;
  const losses = await train(
    studentImages,
    epochs,
    ({ inputs, labels }) => {
      const teacherLogits = teacher.apply(inputs) as tf.Tensor2D;
      return optimizer.minimize(() => {
        const logits = student.apply(inputs) as tf.Tensor2D;
        const soft = kdLoss(teacherLogits, logits, { temperature: 4 });
        const hard = crossEntropy(labels, logits);
        return tf.add(tf.mul(soft, ALPHA), tf.mul(hard, 1 - ALPHA));
      }, true)!;
    },
    log,
  );
  return compare(student, losses, setup);
}
