import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  activationBoundaryLoss,
  attentionTransferLoss,
  binaryKdLoss,
  classCentroids,
  conditionalMutualInformation,
  correlationLoss,
  distLoss,
  dkdLoss,
  factorTransferLoss,
  fspLoss,
  hierarchicalContextLoss,
  hintLoss,
  hsakdLoss,
  kdLoss,
  mcmiLoss,
  nstLoss,
  similarityLoss,
  standardizeLogits,
  vidLoss,
} from "../src/index.ts";
import { labelsOf, logitsOf } from "./support.ts";

/** A function of the student's output, and its largest peak of memory in sizes of that output. */
interface Subject<Inputs> {
  compute: (student: tf.Tensor, inputs: Inputs) => tf.Tensor;
  limit: number;
}

/** The peak of the memory that value and gradient allocate, in sizes of the student's output. */
async function peakOf(
  compute: (student: tf.Tensor) => tf.Tensor,
  student: tf.Tensor,
): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes, result } = await tf.profile(() => {
    const { value, grads } = tf
      .engine()
      .gradients(() => compute(student), [student], undefined, true);
    return { value, grad: grads[0]! };
  });
  tf.dispose(result);
  return (peakBytes - before) / (4 * student.size);
}

const [n, c] = [64, 64];
const logitInputs = () => ({
  labels: labelsOf(n, c),
  teacher: logitsOf(n, c, 1),
  rows: tf.softmax(logitsOf(n, c, 3)),
  centroids: tf.softmax(logitsOf(c, c, 4)),
  heads: [tf.zeros([n, 4 * c])],
});

const ofLogits: Record<string, Subject<ReturnType<typeof logitInputs>>> = {
  kdLoss: { compute: (z, { teacher }) => kdLoss(teacher, z), limit: 9 },
  "kdLoss at T = 20": {
    compute: (z, { teacher }) => kdLoss(teacher, z, { temperature: 20 }),
    limit: 10,
  },
  binaryKdLoss: { compute: (z, { teacher }) => binaryKdLoss(teacher, z), limit: 20.5 },
  dkdLoss: { compute: (z, { labels, teacher }) => dkdLoss(labels, teacher, z), limit: 10 },
  "dkdLoss of rows": { compute: (z, { teacher, rows }) => dkdLoss(rows, teacher, z), limit: 10 },
  "dkdLoss at T = 20": {
    compute: (z, { labels, teacher }) => dkdLoss(labels, teacher, z, { temperature: 20 }),
    limit: 10.5,
  },
  distLoss: { compute: (z, { teacher }) => distLoss(teacher, z, { temperature: 4 }), limit: 14.5 },
  hsakdLoss: {
    compute: (z, { teacher, heads }) =>
      hsakdLoss({ logits: teacher, heads }, { logits: z as tf.Tensor2D, heads }),
    limit: 34.5,
  },
  mcmiLoss: {
    compute: (z, { labels, centroids }) => mcmiLoss(labels, z, centroids, { lambda: 0.2 }),
    limit: 8.5,
  },
  "mcmiLoss of rows": {
    compute: (z, { rows, centroids }) =>
      mcmiLoss(rows, z, centroids, { lambda: 0.2, labelSmoothing: 0.1 }),
    limit: 8.5,
  },
  conditionalMutualInformation: {
    compute: (z, { labels }) => conditionalMutualInformation(labels, z),
    limit: 10.5,
  },
  classCentroids: { compute: (z, { labels }) => classCentroids(labels, z), limit: 8.5 },
  standardizeLogits: { compute: (z) => standardizeLogits(z), limit: 8.5 },
  similarityLoss: { compute: (z, { teacher }) => similarityLoss(teacher, z), limit: 18.5 },
  correlationLoss: { compute: (z, { teacher }) => correlationLoss(teacher, z), limit: 8.5 },
};

const maps = (seed: number) => tf.randomNormal([8, 8, 8, 16], 0, 1, "float32", seed) as tf.Tensor4D;

const ofMaps: Record<string, Subject<tf.Tensor4D>> = {
  attentionTransferLoss: { compute: (x, teacher) => attentionTransferLoss(teacher, x), limit: 4.5 },
  hintLoss: { compute: (x, teacher) => hintLoss(teacher, x), limit: 3.5 },
  factorTransferLoss: { compute: (x, teacher) => factorTransferLoss(teacher, x), limit: 4.5 },
  nstLoss: { compute: (x, teacher) => nstLoss(teacher, x), limit: 11 },
  fspLoss: {
    compute: (x, teacher) => fspLoss([teacher, teacher], [x as tf.Tensor4D, x as tf.Tensor4D]),
    limit: 8,
  },
  activationBoundaryLoss: {
    compute: (x, teacher) => activationBoundaryLoss(teacher, x),
    limit: 7.5,
  },
  hierarchicalContextLoss: {
    compute: (x, teacher) => hierarchicalContextLoss(teacher, x),
    limit: 12,
  },
  vidLoss: { compute: (x, teacher) => vidLoss(teacher, x, tf.zeros([16])), limit: 4 },
};

test.each(Object.entries(ofLogits))("%s stays within its memory", async (_, subject) => {
  const inputs = logitInputs();
  const peak = await peakOf((z) => subject.compute(z, inputs), logitsOf(n, c, 2));
  expect(peak).toBeLessThanOrEqual(subject.limit);
});

test.each(Object.entries(ofMaps))("%s stays within its memory", async (_, subject) => {
  const teacher = maps(1);
  const peak = await peakOf((x) => subject.compute(x, teacher), maps(2));
  expect(peak).toBeLessThanOrEqual(subject.limit);
});
