import * as tf from "@tensorflow/tfjs-core";
import { vidLoss } from "kd-cmi";
import { featureExtractor, vidLogScale, vidRegressor } from "kd-cmi/layers";
import { STUDENT, studentNetwork, TEACHER } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "feature maps, regressed with a variance for each channel (VID)";

const WEIGHT = 1;

export async function run(setup: Setup) {
  const layers = ["low", "high"] as const;
  const teacher = featureExtractor(await trainTeacher(setup), layers);
  const student = studentNetwork();
  const outputs = featureExtractor(student, [...layers, "logits"]);
  // The optimizer trains the regressors and their log-scales too, since the loss depends on them.
  const regressors = layers.map((name) =>
    vidRegressor({ studentChannels: STUDENT[name], teacherChannels: TEACHER[name] }),
  );
  const optimizer = tf.train.adam(LEARNING_RATE);

  return distil(setup, student, ({ inputs, labels }) => {
    const teacherMaps = teacher.apply(inputs) as tf.Tensor[];
    return optimizer.minimize(() => {
      const [low, high, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const terms = [low, high].map((maps, i) => {
        const predicted = regressors[i]!.apply(maps) as tf.Tensor;
        return tf.mul(vidLoss(teacherMaps[i]!, predicted, vidLogScale(regressors[i]!)), WEIGHT);
      });
      return tf.addN([crossEntropy(labels, logits), ...terms]) as tf.Scalar;
    }, true)!;
  });
}
