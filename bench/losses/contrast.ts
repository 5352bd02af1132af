import * as tf from "@tensorflow/tfjs-core";
import {
  type ContrastBank,
  type ContrastIndices,
  contrastNormalizer,
  crdLoss,
  createContrastBank,
  inBatchCrdLoss,
  type SharedContrastIndices,
  sampleContrastIndices,
} from "kd-cmi";
import { type Comparison, type Comparisons, normal, unit } from "./comparison.ts";

const [BATCH, DIM, SIZE, TEMPERATURE] = [64, 128, 50000, 0.07];

const embeddings = (seed: number) => tf.tidy(() => unit(normal(seed, BATCH, DIM), 1));

export const contrast: Comparisons = {
  inBatchCrdLoss: () => ({
    students: [embeddings(1), embeddings(2)],
    ours: (t, s) => inBatchCrdLoss(t, s),
    composition: (t, s) => inBatch(t, s),
  }),

  "crdLoss, rows of each sample"() {
    const rows = tf.range(0, BATCH, 1, "int32");
    const indices = sampleContrastIndices(rows, { negatives: 1024, size: SIZE, seed: 1 });
    return crd(indices, (t, s, bank) => gathered(t, s, bank, indices));
  },

  "crdLoss, shared rows"() {
    const rows = tf.range(0, BATCH, 1, "int32");
    const options = { negatives: 4096, size: SIZE, seed: 1, shared: true } as const;
    const indices = sampleContrastIndices(rows, options);
    return crd(indices, (t, s, bank) => gatheredOnce(t, s, bank, indices));
  },
};

function crd(
  indices: ContrastIndices,
  composition: (teacher: tf.Tensor, student: tf.Tensor, bank: ContrastBank) => tf.Tensor,
): Comparison {
  const [teacher, student] = [embeddings(1), embeddings(2)];
  const bank = createContrastBank({ size: SIZE, dim: DIM, seed: 1 });
  bank.normalizer = contrastNormalizer(teacher, student, bank, indices);
  return {
    students: [teacher, student],
    ours: (t, s) => crdLoss(t, s, bank, indices),
    composition: (t, s) => composition(t, s, bank),
  };
}

function inBatch(teacher: tf.Tensor, student: tf.Tensor) {
  const scores = tf.div(tf.matMul(student, teacher, false, true), TEMPERATURE);
  const own = tf.eye(BATCH);
  const picked = [scores, tf.transpose(scores)].map((x) => tf.mul(tf.logSoftmax(x), own));
  return tf.div(tf.sum(tf.addN(picked)), -BATCH);
}

/** CRD with a gather of each sample's rows, [N, K+1, dim] per side. */
export function gathered(
  teacher: tf.Tensor,
  student: tf.Tensor,
  bank: ContrastBank,
  indices: tf.Tensor2D,
) {
  return bothSides(teacher, student, bank, (embeddings, rows) => {
    const picked = tf.gather(rows, indices);
    const scores = tf.squeeze(tf.matMul(picked, tf.expandDims(embeddings, 2)), [2]);
    return tf.split(scores, [1, indices.shape[1] - 1], 1) as [tf.Tensor, tf.Tensor];
  });
}

/** CRD with one gather of the rows that all samples share, [K, dim] per side. */
function gatheredOnce(
  teacher: tf.Tensor,
  student: tf.Tensor,
  bank: ContrastBank,
  { positives, negatives }: SharedContrastIndices,
) {
  return bothSides(teacher, student, bank, (embeddings, rows) => [
    tf.sum(tf.mul(embeddings, tf.gather(rows, positives)), 1, true),
    tf.matMul(embeddings, tf.gather(rows, negatives), false, true),
  ]);
}

/** `score` returns the scores of the positives, [N, 1], and of the negatives, [N, K]. */
function bothSides(
  teacher: tf.Tensor,
  student: tf.Tensor,
  { teacher: teacherRows, student: studentRows, normalizer }: ContrastBank,
  score: (embeddings: tf.Tensor, rows: tf.Tensor2D) => [tf.Tensor, tf.Tensor],
) {
  const side = (embeddings: tf.Tensor, rows: tf.Tensor2D, z: tf.Scalar) => {
    const [own, others] = score(embeddings, rows).map((scores) =>
      tf.div(tf.exp(tf.div(scores, TEMPERATURE)), z),
    ) as [tf.Tensor, tf.Tensor];
    const noise = others.shape[1]! / rows.shape[0];
    const positive = tf.log(tf.div(own, tf.add(own, noise + 1e-7)));
    const negative = tf.log(tf.div(noise, tf.add(others, noise + 1e-7)));
    return tf.div(tf.add(tf.sum(positive), tf.sum(negative)), -BATCH);
  };
  return tf.add(
    side(teacher, studentRows, normalizer!.teacher),
    side(student, teacherRows, normalizer!.student),
  );
}
