import * as tf from "@tensorflow/tfjs-core";
import { rkdLoss, similarityLoss } from "kd-cmi";
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

export const title = "distances, angles and similarities within a batch (RKD, SP)";

const SIMILARITY_WEIGHT = 3000;

export async function run(setup: Setup): Promise<Comparison> {
  const teacher = featureExtractor(await trainTeacher(setup), ["high", "features"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["high", "features", "logits"]);
  const optimizer = tf.train.adam(LEARNING_RATE);

  const { studentImages, epochs, log } = setup;
  const losses = await train(
    studentImages,
    epochs,
    ({ inputs, labels }) => {
      const [teacherMaps, teacherFeatures] = teacher.apply(inputs) as [tf.Tensor, tf.Tensor];
      return optimizer.minimize(() => {
        const [maps, features, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
        const relations = rkdLoss(teacherFeatures, features, {
          distanceWeight: 25,
          angleWeight: 50,
        });
        const similarity = tf.mul(similarityLoss(teacherMaps, maps), SIMILARITY_WEIGHT);
        return tf.addN([crossEntropy(labels, logits), relations, similarity]) as tf.Scalar;
      }, true)!;
    },
    log,
  );
  return compare(student, losses, setup);
}
