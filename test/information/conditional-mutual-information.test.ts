import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { classCentroids, conditionalMutualInformation } from "../../src/index.ts";
import golden from "../golden/cmi.json";
import {
  expectClose,
  expectFiniteWithGradient,
  expectNoLeakWithGradient,
  extremeLogits,
  labelsOf,
  logitsOf,
  testGoldenWithLabels,
  valueAndGrad,
} from "../support.ts";

testGoldenWithLabels(golden, "logits", (labels, z) => conditionalMutualInformation(labels, z));

test("the gradient of the samples flows through their own centroids", async () => {
  const [labels, logits] = [labelsOf(6, 3), logitsOf(6, 3, 1)];
  const [w, direction] = [tf.tensor1d([1, 2, 0, 3, -1, 0.5]), logitsOf(6, 3, 2)];
  const samples = (z: tf.Tensor) =>
    conditionalMutualInformation(labels, z, { reduction: tf.Reduction.NONE });
  const { grad } = valueAndGrad(samples, logits, w);
  const step = tf.mul(direction, 0.01);
  const along = (z: tf.Tensor) => tf.sum(tf.mul(samples(z), w)).data();
  const [up] = await along(tf.add(logits, step));
  const [down] = await along(tf.sub(logits, step));
  const [slope] = await tf.sum(tf.mul(grad, direction)).data();
  expect(Math.abs((up! - down!) / 0.02 - slope!)).toBeLessThan(2e-3 * (1 + Math.abs(slope!)));
});

test("is nonnegative and invariant to permutations of samples and classes", {
  tags: "broad",
}, async () => {
  const sizes = [fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 5 })] as const;
  const property = fc.asyncProperty(...sizes, fc.nat(1000), async (n, c, seed) => {
    const [labels, logits] = [labelsOf(n, c), logitsOf(n, c, seed)];
    const [cmi] = await conditionalMutualInformation(labels, logits).data();
    const reversed = conditionalMutualInformation(tf.reverse(labels), tf.reverse(logits, 0));
    const renamed = conditionalMutualInformation(
      tf.sub(tf.scalar(c - 1, "int32"), labels),
      tf.reverse(logits, 1),
    );
    expect(cmi).toBeGreaterThan(-1e-5);
    expect((await reversed.data())[0]).toBeCloseTo(cmi!, 3);
    expect((await renamed.data())[0]).toBeCloseTo(cmi!, 3);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("is 0 if all rows of a class are equal", async () => {
  const labels = labelsOf(9, 3);
  const logits = tf.gather(logitsOf(3, 3, 1), labels);
  const { value, grad } = valueAndGrad((z) => conditionalMutualInformation(labels, z), logits);
  expect((await value.data())[0]).toBeCloseTo(0, 4);
  for (const g of await grad.data()) expect(g).toBeCloseTo(0, 3);
});

test("accepts constant centroids", async () => {
  const [labels, logits] = [labelsOf(9, 3), logitsOf(9, 3, 1)];
  const centroids = classCentroids(labels, logits);
  const own = valueAndGrad((z) => conditionalMutualInformation(labels, z), logits);
  const given = valueAndGrad((z) => conditionalMutualInformation(labels, z, { centroids }), logits);
  await expectClose(given.value, { shape: [], data: [...(await own.value.data())] });
  await expectClose(given.grad, { shape: [9, 3], data: [...(await own.grad.data())] });
});

test("extreme logits, an absent class and a batch of 1 stay finite", async () => {
  for (const reduction of [tf.Reduction.MEAN, tf.Reduction.NONE]) {
    for (const [labels, logits] of [
      [labelsOf(3, 3), extremeLogits()],
      [tf.tensor1d([2, 2, 2], "int32"), extremeLogits()],
      [labelsOf(1, 3), tf.tensor2d([[-1e4, 1e4, 0]])],
    ] as const) {
      const dy = reduction === tf.Reduction.NONE ? tf.ones([labels.size]) : undefined;
      const cmi = (z: tf.Tensor) => conditionalMutualInformation(labels, z, { reduction });
      await expectFiniteWithGradient(cmi, logits, dy);
    }
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [labels, logits] = [labelsOf(6, 3), logitsOf(6, 3, 1)];
  for (const reduction of [tf.Reduction.MEAN, tf.Reduction.NONE]) {
    const dy = reduction === tf.Reduction.NONE ? tf.ones([6]) : undefined;
    const cmi = (z: tf.Tensor) => conditionalMutualInformation(labels, z, { reduction });
    expectNoLeakWithGradient(cmi, logits, dy);
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const [labels, logits] = [labelsOf(6, 3), logitsOf(6, 3, 1)];
  const fn = "conditionalMutualInformation";
  expect(() => conditionalMutualInformation(labels, tf.ones([6]))).toThrow(`${fn}: logits must`);
  expect(() => conditionalMutualInformation(tf.ones([6]), logits)).toThrow(`${fn}: labels must`);
  expect(() => conditionalMutualInformation(labels, logits, { centroids: tf.eye(2) })).toThrow(
    `${fn}: centroids must be float32 [3,3], got float32 [2,2]`,
  );
  expect(() => conditionalMutualInformation(labels, logits, { reduction: 9 as never })).toThrow(
    `${fn}: reduction must be one of tf.Reduction, got 9`,
  );
});
