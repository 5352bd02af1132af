import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { hierarchicalContextLoss } from "kd-cmi";
import { attentionFusion, featureExtractor } from "kd-cmi/layers";
import { studentNetwork } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "feature maps, fused from the last stage to the first (ReviewKD)";

const WEIGHT = 1;
const STAGES = ["low", "high"] as const;

export async function run(setup: Setup) {
  const teacher = featureExtractor(await trainTeacher(setup), STAGES);
  const student = studentNetwork();
  const outputs = featureExtractor(student, [...STAGES, "logits"]);
  const shapesOf = (model: tfl.LayersModel) =>
    model.outputs.slice(0, STAGES.length).map(({ shape }) => shape.slice(1) as number[]);
  const fusion = attentionFusion({
    studentShapes: shapesOf(outputs),
    teacherShapes: shapesOf(teacher),
    midChannels: 16,
  });
  const optimizer = tf.train.adam(LEARNING_RATE);

  return distil(setup, student, ({ inputs, labels }) => {
    const teacherMaps = teacher.apply(inputs) as tf.Tensor[];
    return optimizer.minimize(() => {
      const [low, high, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const fused = fusion.apply([low, high], { training: true }) as tf.Tensor[];
      const review = hierarchicalContextLoss(teacherMaps, fused);
      return tf.add(crossEntropy(labels, logits), tf.mul(review, WEIGHT));
    }, true)!;
  });
}
