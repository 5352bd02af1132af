import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { classCentroids, conditionalMutualInformation, mcmiLoss } from "../../src/index.ts";
import golden from "../golden/mcmi.json";
import {
  expectClose,
  expectFiniteWithGradient,
  expectNoLeakWithGradient,
  extremeLogits,
  labelsOf,
  logitsOf,
  testGoldenWithLabels,
  toTensor,
  valueAndGrad,
} from "../support.ts";

testGoldenWithLabels(golden, "logits", (labels, z, { params, inputs }) =>
  mcmiLoss(labels, z, toTensor(inputs.centroids!), { lambda: params.lambda! }),
);

test("lambda 0 with label smoothing equals tfjs' cross-entropy, for every reduction", async () => {
  const [labels, logits] = [labelsOf(5, 3), logitsOf(5, 3, 1)];
  const weights = tf.tensor1d([1, 0, 2, 3, 0.5]);
  const centroids = classCentroids(labels, logits);
  const { NONE, MEAN, SUM, SUM_BY_NONZERO_WEIGHTS } = tf.Reduction;
  for (const reduction of [NONE, MEAN, SUM, SUM_BY_NONZERO_WEIGHTS]) {
    for (const w of [undefined, weights]) {
      const ours = valueAndGrad(
        (z) =>
          mcmiLoss(labels, z, centroids, { lambda: 0, labelSmoothing: 0.1, reduction, weights: w }),
        logits,
      );
      const oneHot = tf.oneHot(labels, 3);
      const theirs = tf.losses.softmaxCrossEntropy(oneHot, logits, w, 0.1, reduction);
      const values = await theirs.data();
      await expectClose(ours.value, { shape: theirs.shape, data: [...values] });
      const p = tf.softmax(logits);
      const target = tf.add(tf.mul(oneHot, 0.9), 0.1 / 3);
      const scale = {
        [NONE]: w ?? tf.ones([5]),
        [SUM]: w ?? tf.ones([5]),
        [MEAN]: w ? tf.div(w, tf.sum(w)) : tf.fill([5], 1 / 5),
        [SUM_BY_NONZERO_WEIGHTS]: w ? tf.div(w, 4) : tf.fill([5], 1 / 5),
      }[reduction];
      const grad = tf.mul(tf.sub(p, target), tf.reshape(scale, [5, 1]));
      await expectClose(ours.grad, { shape: grad.shape, data: [...(await grad.data())] });
    }
  }
});

test("equals cross-entropy minus lambda times the CMI", { tags: "broad" }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      async (n, c, seed, lambda) => {
        const [labels, logits] = [labelsOf(n, c), logitsOf(n, c, seed)];
        const centroids = classCentroids(labelsOf(2 * c, c), logitsOf(2 * c, c, seed + 1));
        const loss = await mcmiLoss(labels, logits, centroids, { lambda }).data();
        const ce = await mcmiLoss(labels, logits, centroids, { lambda: 0 }).data();
        const cmi = await conditionalMutualInformation(labels, logits, { centroids }).data();
        expect(loss[0]).toBeCloseTo(ce[0]! - lambda * cmi[0]!, 3);
      },
    ),
    { numRuns: 15 },
  );
});

test("extreme logits, empty centroids and a batch of 1 stay finite", async () => {
  const cases: [tf.Tensor, tf.Tensor, tf.Tensor][] = [
    [labelsOf(3, 3), extremeLogits(), tf.eye(3)],
    [labelsOf(1, 3), tf.tensor2d([[-1e4, 1e4, 0]]), tf.eye(3)],
  ];
  for (const [labels, logits, centroids] of cases) {
    const loss = (z: tf.Tensor) => mcmiLoss(labels, z, centroids, { lambda: 0.2 });
    await expectFiniteWithGradient(loss, logits);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [labels, logits] = [labelsOf(6, 3), logitsOf(6, 3, 1)];
  const [centroids, weights] = [classCentroids(labels, logits), tf.ones([6]) as tf.Tensor1D];
  const loss = (z: tf.Tensor) => mcmiLoss(labels, z, centroids, { lambda: 0.2, weights });
  expectNoLeakWithGradient(loss, logits);
});

test("rejects invalid input, naming expected and actual", () => {
  const [labels, logits] = [labelsOf(4, 3), logitsOf(4, 3, 1)];
  const centroids = tf.eye(3);
  const call = (over: {
    labels?: tf.Tensor;
    logits?: unknown;
    centroids?: tf.Tensor;
    options?: object;
  }) =>
    mcmiLoss(
      over.labels ?? labels,
      (over.logits ?? logits) as tf.Tensor,
      over.centroids ?? centroids,
      { lambda: 0.2, ...over.options },
    );
  expect(() => call({ logits: [[1, 2]] })).toThrow(
    "mcmiLoss: logits must be a tf.Tensor, got an array",
  );
  expect(() => call({ logits: tf.ones([4]) })).toThrow(
    "mcmiLoss: logits must be float32 [batch,...,classes], got float32 [4]",
  );
  expect(() => call({ logits: tf.ones([4, 3], "int32") })).toThrow("got int32 [4,3]");
  expect(() => call({ labels: tf.zeros([4]) })).toThrow(
    "mcmiLoss: labels must be int32 class indices [4] or one-hot [4,3], got float32 [4]",
  );
  expect(() => call({ labels: tf.zeros([5], "int32") })).toThrow("got int32 [5]");
  expect(() => call({ centroids: tf.eye(4) })).toThrow(
    "mcmiLoss: centroids must be float32 [3,3], got float32 [4,4]",
  );
  for (const lambda of [Number.NaN, -1, Number.POSITIVE_INFINITY, undefined]) {
    expect(() => call({ options: { lambda } })).toThrow(
      `mcmiLoss: lambda must be a finite number >= 0, got ${lambda}`,
    );
  }
  expect(() => call({ options: { labelSmoothing: 1.5 } })).toThrow(
    "mcmiLoss: labelSmoothing must be a finite number >= 0 and <= 1, got 1.5",
  );
  expect(() => call({ options: { reduction: 7 } })).toThrow(
    "mcmiLoss: reduction must be one of tf.Reduction, got 7",
  );
  expect(() => call({ options: { weights: tf.ones([3]) } })).toThrow(
    "mcmiLoss: weights must be float32 [4], got float32 [3]",
  );
});
