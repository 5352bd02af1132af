import * as tf from "@tensorflow/tfjs-core";
import { attentionTransferLoss } from "kd-cmi";
import { featureExtractor } from "kd-cmi/layers";
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

export const title = "feature maps, by the attention of a wider network (AT)";

const WEIGHT = 1000;

export async function run(setup: Setup): Promise<Comparison> {
  const teacher = featureExtractor(await trainTeacher(setup), ["low", "high"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["low", "high", "logits"]);
  const optimizer = tf.train.adam(LEARNING_RATE);

  const { studentImages, epochs, log } = setup;
  const losses = await train(
    studentImages,
    epochs,
    ({ inputs, labels }) => {
      const teacherMaps = teacher.apply(inputs) as tf.Tensor[];
      return optimizer.minimize(() => {
        const [low, high, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
        // The numbers of channels differ; what is compared are positions.
        const attention = attentionTransferLoss(teacherMaps, [low, high]);
        return tf.add(crossEntropy(labels, logits), tf.mul(attention, WEIGHT));
      }, true)!;
    },
    log,
  );
  return compare(student, losses, setup);
}
