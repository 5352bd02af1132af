import * as tf from "@tensorflow/tfjs-core";
import { rkdLoss, similarityLoss } from "kd-cmi";
import { featureExtractor } from "kd-cmi/layers";
import { studentNetwork } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "distances, angles and similarities within a batch (RKD, SP)";

const SIMILARITY_WEIGHT = 3000;

export async function run(setup: Setup) {
  const teacher = featureExtractor(await trainTeacher(setup), ["high", "features"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["high", "features", "logits"]);
  const optimizer = tf.train.adam(LEARNING_RATE);

  return distil(setup, student, ({ inputs, labels }) => {
    const [teacherMaps, teacherFeatures] = teacher.apply(inputs) as [tf.Tensor, tf.Tensor];
    return optimizer.minimize(() => {
      const [maps, features, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const weights = { distanceWeight: 25, angleWeight: 50 };
      const relations = rkdLoss(teacherFeatures, features, weights);
      const similarity = tf.mul(similarityLoss(teacherMaps, maps), SIMILARITY_WEIGHT);
      return tf.addN([crossEntropy(labels, logits), relations, similarity]) as tf.Scalar;
    }, true)!;
  });
}
