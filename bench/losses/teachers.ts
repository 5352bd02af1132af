import * as tf from "@tensorflow/tfjs-core";
import { conditionalMutualInformation, mcmiLoss } from "kd-cmi";
import { type Comparison, type Comparisons, normal } from "./comparison.ts";

const [BATCH, CLASSES, LAMBDA] = [64, 100, 0.2];

const classes = () =>
  tf.tensor1d(
    Array.from({ length: BATCH }, (_, i) => i),
    "int32",
  );

export const teachers: Comparisons = {
  "mcmiLoss of indices": () => mcmi(classes()),
  "mcmiLoss of int32 rows": () => mcmi(tf.oneHot(classes(), CLASSES)),
  "mcmiLoss of float32 rows": () => mcmi(tf.cast(tf.oneHot(classes(), CLASSES), "float32")),

  conditionalMutualInformation() {
    const [labels, centroids] = [classes(), distributions()];
    return {
      students: [normal(1, BATCH, CLASSES)],
      ours: (z) => conditionalMutualInformation(labels, z, { centroids }),
      composition: (z) => tf.mean(divergence(z, labels, centroids)),
    };
  },
};

const distributions = () => tf.softmax(normal(2, CLASSES, CLASSES)) as tf.Tensor2D;

function mcmi(labels: tf.Tensor): Comparison {
  const centroids = distributions();
  const rows = tf.cast(tf.oneHot(classes(), CLASSES), "float32");
  return {
    students: [normal(1, BATCH, CLASSES)],
    ours: (z) => mcmiLoss(labels, z, centroids, { lambda: LAMBDA }),
    composition(z) {
      const crossEntropy = tf.neg(tf.sum(tf.mul(rows, tf.logSoftmax(z)), 1));
      const cmi = divergence(z, classes(), centroids);
      return tf.mean(tf.sub(crossEntropy, tf.mul(cmi, LAMBDA)));
    },
  };
}

function divergence(z: tf.Tensor, labels: tf.Tensor1D, centroids: tf.Tensor2D) {
  const logP = tf.logSoftmax(z);
  const logQ = tf.gather(tf.log(centroids), labels);
  return tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
}
