import * as tf from "@tensorflow/tfjs-core";
import {
  type ContrastBank,
  type ContrastIndices,
  contrastNormalizer,
  crdLoss,
  createContrastBank,
  inBatchCrdLoss,
  sampleContrastIndices,
} from "kd-cmi";
import { type Comparison, type Comparisons, normal, unit } from "./comparison.ts";

const [BATCH, DIM, TEMPERATURE] = [64, 128, 0.07];

const embeddings = (seed: number) => tf.tidy(() => unit(normal(seed, BATCH, DIM), 1));

export const contrast: Comparisons = {
  inBatchCrdLoss: () => ({
    students: [embeddings(1), embeddings(2)],
    ours: (t, s) => inBatchCrdLoss(t!, s!),
    composition: (t, s) => inBatch(t!, s!),
  }),

  "crdLoss, K = 1024 of 50000": () => crd(1024, 50000),
};

function crd(negatives: number, size: number): Comparison {
  const students = [embeddings(1), embeddings(2)];
  const bank = createContrastBank({ size, dim: DIM, seed: 1 });
  const rows = tf.range(0, BATCH, 1, "int32");
  const indices = sampleContrastIndices(rows, { negatives, size, seed: 1 });
  bank.normalizer = contrastNormalizer(students[0]!, students[1]!, bank, indices);
  return {
    students,
    ours: (t, s) => crdLoss(t!, s!, bank, indices),
    composition: (t, s) => gathered(t!, s!, bank, indices),
  };
}

function inBatch(teacher: tf.Tensor, student: tf.Tensor) {
  const scores = tf.div(tf.matMul(student, teacher, false, true), TEMPERATURE);
  const own = tf.eye(BATCH);
  const picked = [scores, tf.transpose(scores)].map((x) => tf.mul(tf.logSoftmax(x), own));
  return tf.div(tf.sum(tf.addN(picked)), -BATCH);
}

/** CRD by a gather of each sample's rows, [N, K+1, dim] a side. */
export function gathered(
  teacher: tf.Tensor,
  student: tf.Tensor,
  bank: ContrastBank,
  indices: ContrastIndices,
) {
  const side = (embeddings: tf.Tensor, rows: tf.Tensor2D, normalizer: tf.Scalar) => {
    const [n, columns] = (indices as tf.Tensor2D).shape;
    const noise = (columns - 1) / rows.shape[0];
    const picked = tf.gather(rows, indices as tf.Tensor2D);
    const scores = tf.squeeze(tf.matMul(picked, tf.expandDims(embeddings, 2)), [2]);
    const p = tf.div(tf.exp(tf.div(scores, TEMPERATURE)), normalizer);
    const [own, others] = tf.split(p, [1, columns - 1], 1);
    const positive = tf.log(tf.div(own!, tf.add(own!, noise + 1e-7)));
    const negative = tf.log(tf.div(noise, tf.add(others!, noise + 1e-7)));
    return tf.div(tf.add(tf.sum(positive), tf.sum(negative)), -n);
  };
  const { teacher: zTeacher, student: zStudent } = bank.normalizer!;
  return tf.add(side(teacher, bank.student, zTeacher), side(student, bank.teacher, zStudent));
}
