import * as tf from "@tensorflow/tfjs-core";
import { ContrastMemory } from "kd-cmi";
import { contrastProjection, featureExtractor } from "kd-cmi/layers";
import { STUDENT, studentNetwork, TEACHER } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "memory banks with a row for each training image (CRD)";

const WEIGHT = 0.8;
const NEGATIVES = 256;
const DIM = 32;

export async function run(setup: Setup) {
  const teacher = featureExtractor(await trainTeacher(setup), ["features"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["features", "logits"]);
  // Both projection heads are trained with the student. The teacher is not trained.
  const teacherHead = contrastProjection({ inputShape: [TEACHER.features], dim: DIM });
  const studentHead = contrastProjection({ inputShape: [STUDENT.features], dim: DIM });
  const optimizer = tf.train.adam(LEARNING_RATE);

  const size = setup.studentImages.labels.shape[0];
  const memory = new ContrastMemory({ size, dim: DIM, negatives: NEGATIVES, seed: 1 });
  const comparison = await distil(setup, student, ({ inputs, labels, indices }) => {
    const teacherFeatures = teacher.apply(inputs) as tf.Tensor;
    return optimizer.minimize(() => {
      const [features, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor];
      const t = teacherHead.apply(teacherFeatures) as tf.Tensor2D;
      const s = studentHead.apply(features) as tf.Tensor2D;
      const contrast = tf.mul(memory.loss(t, s, indices), WEIGHT);
      return tf.add(crossEntropy(labels, logits), contrast);
    }, true)!;
  });
  memory.dispose();
  return comparison;
}
