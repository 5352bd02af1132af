import * as tf from "@tensorflow/tfjs-core";
import { attentionTransferLoss } from "kd-cmi";
import { featureExtractor } from "kd-cmi/layers";
import { studentNetwork } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "attention of feature maps, from a wider network (AT)";

const WEIGHT = 1000;

export async function run(setup: Setup) {
  const teacher = featureExtractor(await trainTeacher(setup), ["low", "high"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["low", "high", "logits"]);
  const optimizer = tf.train.adam(LEARNING_RATE);

  return distil(setup, student, ({ inputs, labels }) => {
    const teacherMaps = teacher.apply(inputs) as tf.Tensor[];
    return optimizer.minimize(() => {
      const [low, high, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      // The numbers of channels can differ, since the loss compares positions.
      const attention = attentionTransferLoss(teacherMaps, [low, high]);
      return tf.add(crossEntropy(labels, logits), tf.mul(attention, WEIGHT));
    }, true)!;
  });
}
