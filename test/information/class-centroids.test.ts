import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { classCentroids, updateCentroids } from "../../src/index.ts";
import golden from "../golden/cmi.json";
import {
  expectClose,
  expectFinite,
  expectNoLeak,
  extremeLogits,
  type Golden,
  labelsOf,
  logitsOf,
  reference,
  toTensor,
  valueAndGrad,
} from "../support.ts";

for (const { name, inputs, outputs } of (golden as unknown as Golden).cases) {
  test(`centroids of ${name}, from indices and from one-hot rows`, {
    tags: "float16",
  }, async () => {
    const logits = toTensor(inputs.logits!);
    const indices = toTensor(inputs.labels!, "int32") as tf.Tensor1D;
    for (const labels of [indices, tf.oneHot(indices, logits.shape[1]!)]) {
      await expectClose(classCentroids(labels, logits), outputs.centroids!);
    }
  });
}

test("the row of an absent class is uniform, and an update does not change it", async () => {
  const labels = tf.tensor1d([0, 0], "int32");
  const logits = tf.tensor2d([
    [0, 0],
    [0, Math.log(3)],
  ]);
  await expectClose(
    classCentroids(labels, logits),
    reference([
      [0.375, 0.625],
      [0.5, 0.5],
    ]),
  );
  const old = tf.tensor2d([
    [0.875, 0.125],
    [0.1, 0.9],
  ]);
  await expectClose(
    updateCentroids(old, labels, logits, { decay: 0.5 }),
    reference([
      [0.625, 0.375],
      [0.1, 0.9],
    ]),
  );
});

test("the gradient of the centroids matches finite differences", async () => {
  const [labels, logits] = [labelsOf(5, 3), logitsOf(5, 3, 1)];
  const [dy, direction] = [logitsOf(3, 3, 2), logitsOf(5, 3, 3)];
  const { grad } = valueAndGrad((z) => classCentroids(labels, z), logits, dy);
  const step = tf.mul(direction, 0.01);
  const along = (z: tf.Tensor) => tf.sum(tf.mul(classCentroids(labels, z), dy)).data();
  const [up] = await along(tf.add(logits, step));
  const [down] = await along(tf.sub(logits, step));
  const [slope] = await tf.sum(tf.mul(grad, direction)).data();
  expect((up! - down!) / 0.02).toBeCloseTo(slope!, 2);
});

test("rows sum to 1, and decay 0 gives the batch's centroids", { tags: "broad" }, async () => {
  const sizes = [fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 6 })] as const;
  const property = fc.asyncProperty(...sizes, fc.nat(1000), async (n, c, seed) => {
    const [labels, logits] = [labelsOf(n, c), logitsOf(n, c, seed)];
    const own = classCentroids(labels, logits);
    const uniform = tf.fill([c, c], 1 / c);
    const updated = updateCentroids(uniform, labels, logits, { decay: 0 });
    for (const x of await tf.sum(own, 1).data()) expect(x).toBeCloseTo(1, 3);
    expect((await tf.max(tf.abs(tf.sub(own, updated))).data())[0]).toBeLessThan(1e-3);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("extreme logits and one class stay finite", async () => {
  const labels = labelsOf(3, 3);
  const own = classCentroids(labels, extremeLogits());
  const one = classCentroids(labelsOf(2, 1), tf.ones([2, 1]));
  await expectFinite(own, one, updateCentroids(tf.eye(3), labels, extremeLogits()));
});

test("leaves no tensor behind, with and without gradient", () => {
  const [labels, logits, dy] = [labelsOf(6, 3), logitsOf(6, 3, 1), logitsOf(3, 3, 1)];
  expectNoLeak(() => classCentroids(labels, logits));
  expectNoLeak(() => updateCentroids(dy, labels, logits));
  expectNoLeak(() => {
    const { value, grad } = valueAndGrad((z) => classCentroids(labels, z), logits, dy);
    return [value, grad];
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const [labels, logits, centroids] = [labelsOf(6, 3), logitsOf(6, 3, 1), tf.eye(3)];
  expect(() => classCentroids(labels, tf.ones([6]))).toThrow("classCentroids: logits must be");
  expect(() => classCentroids(tf.ones([6]), logits)).toThrow("classCentroids: labels must be");
  expect(() => updateCentroids(tf.eye(2), labels, logits)).toThrow(
    "updateCentroids: centroids must be float32 [3,3], got float32 [2,2]",
  );
  expect(() => updateCentroids(centroids, labels, tf.ones([6]))).toThrow(
    "updateCentroids: logits must be",
  );
  expect(() => updateCentroids(centroids, tf.ones([6]), logits)).toThrow(
    "updateCentroids: labels must be",
  );
  expect(() => updateCentroids(centroids, labels, logits, { decay: 2 })).toThrow(
    "updateCentroids: decay must be a finite number >= 0 and <= 1, got 2",
  );
});
