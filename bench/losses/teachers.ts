import * as tf from "@tensorflow/tfjs-core";
import { conditionalMutualInformation, mcmiLoss } from "kd-cmi";
import { type Comparison, type Comparisons, normal } from "./comparison.ts";

const [CLASSES, LAMBDA] = [100, 0.2];

/** Losses of logits [batch, 100]. */
export const teachers = (batch: number): Comparisons => ({
  "mcmiLoss of indices": () => mcmi(classIndices(batch), batch),
  "mcmiLoss of int32 rows": () => mcmi(tf.oneHot(classIndices(batch), CLASSES), batch),
  "mcmiLoss of float32 rows": () =>
    mcmi(tf.cast(tf.oneHot(classIndices(batch), CLASSES), "float32"), batch),

  conditionalMutualInformation() {
    const [labels, centroids] = [classIndices(batch), distributions()];
    return {
      students: [normal(1, batch, CLASSES)],
      ours: (z) => conditionalMutualInformation(labels, z, { centroids }),
      composition: (z) => tf.mean(divergence(z, labels, centroids)),
    };
  },
});

const classIndices = (batch: number): tf.Tensor1D =>
  tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % CLASSES),
    "int32",
  );

const distributions = () => tf.softmax(normal(2, CLASSES, CLASSES)) as tf.Tensor2D;

function mcmi(labels: tf.Tensor, batch: number): Comparison {
  const centroids = distributions();
  const indices = classIndices(batch);
  const rows = tf.cast(tf.oneHot(indices, CLASSES), "float32");
  return {
    students: [normal(1, batch, CLASSES)],
    ours: (z) => mcmiLoss(labels, z, centroids, { lambda: LAMBDA }),
    composition(z) {
      const crossEntropy = tf.neg(tf.sum(tf.mul(rows, tf.logSoftmax(z)), 1));
      const cmi = divergence(z, indices, centroids);
      return tf.mean(tf.sub(crossEntropy, tf.mul(cmi, LAMBDA)));
    },
  };
}

function divergence(z: tf.Tensor, labels: tf.Tensor1D, centroids: tf.Tensor2D) {
  const logP = tf.logSoftmax(z);
  const logQ = tf.gather(tf.log(centroids), labels);
  return tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
}
