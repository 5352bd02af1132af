import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { CmiEstimator, classCentroids, cmicLoss, mcmiLoss } from "../../src/index.ts";
import golden from "../golden/cmic.json";
import {
  expectClose,
  expectFiniteWithGradient,
  expectNoLeakWithGradient,
  extremeLogits,
  type Golden,
  labelsOf,
  logitsOf,
  reference,
  testGoldenWithLabels,
  toTensor,
  valueAndGrad,
} from "../support.ts";

testGoldenWithLabels(golden, "logits", (labels, z, { params, inputs }) =>
  cmicLoss(labels, z, toTensor(inputs.centroids!), {
    lambda: params.lambda!,
    beta: params.beta!,
  }),
);

for (const { name, inputs, outputs } of (golden as unknown as Golden).cases) {
  test(`the separation of ${name}`, async () => {
    const labels = toTensor(inputs.labels!, "int32");
    const [logits, centroids] = [toTensor(inputs.logits!), toTensor(inputs.centroids!)];
    const loss = (beta: number) => cmicLoss(labels, logits, centroids, { lambda: 0, beta });
    await expectClose(tf.sub(loss(0), loss(1)), outputs.separation!);
  });
}

test("with beta 0 is mcmiLoss of the opposite sign of the CMI", async () => {
  const [labels, logits] = [labelsOf(7, 3), logitsOf(7, 3, 1)];
  const centroids = classCentroids(labelsOf(9, 3), logitsOf(9, 3, 2));
  const { value, grad } = valueAndGrad(
    (z) => cmicLoss(labels, z, centroids, { lambda: 0.7, beta: 0 }),
    logits,
  );
  const [plain, with1] = [0, 0.7].map((lambda) =>
    valueAndGrad((z) => mcmiLoss(labels, z, centroids, { lambda }), logits),
  );
  const mirrored = (a: tf.Tensor, b: tf.Tensor) => tf.sub(tf.mul(a, 2), b);
  const expected = await mirrored(plain!.value, with1!.value).data();
  await expectClose(value, reference(expected[0]!));
  const slope = await mirrored(plain!.grad, with1!.grad).data();
  await expectClose(grad, { shape: [7, 3], data: [...slope] });
});

test("its separation is that of the CmiEstimator", async () => {
  const [labels, logits] = [labelsOf(8, 4), logitsOf(8, 4, 1)];
  const estimator = new CmiEstimator();
  estimator.update(labels, logits);
  const { separation } = await estimator.result();
  const loss = (beta: number) => cmicLoss(labels, logits, tf.eye(4), { lambda: 0, beta });
  await expectClose(tf.sub(loss(0), loss(1)), reference(separation));
});

test("a batch of one class has no separation", async () => {
  const [labels, logits] = [tf.zeros([5], "int32"), logitsOf(5, 3, 1)];
  const losses = [0, 1].map((beta) =>
    valueAndGrad((z) => cmicLoss(labels, z, tf.eye(3), { lambda: 0.1, beta }), logits),
  );
  for (const part of ["value", "grad"] as const) {
    const [without, with1] = await Promise.all(losses.map((x) => x[part].data()));
    expect(with1).toEqual(without);
  }
});

test("extreme logits, empty centroids and a batch of 1 stay finite", async () => {
  const cases: [tf.Tensor, tf.Tensor][] = [
    [labelsOf(3, 3), extremeLogits()],
    [labelsOf(1, 3), tf.tensor2d([[-1e4, 1e4, 0]])],
  ];
  for (const [labels, logits] of cases) {
    const loss = (z: tf.Tensor) => cmicLoss(labels, z, tf.eye(3), { lambda: 0.2, beta: 0.1 });
    await expectFiniteWithGradient(loss, logits);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [labels, logits] = [labelsOf(6, 3), logitsOf(6, 3, 1)];
  const centroids = classCentroids(labels, logits);
  const loss = (z: tf.Tensor) => cmicLoss(labels, z, centroids, { lambda: 0.2, beta: 0.1 });
  expectNoLeakWithGradient(loss, logits);
});

test("rejects invalid input, naming expected and actual", () => {
  const [labels, logits, options] = [labelsOf(4, 3), logitsOf(4, 3, 1), { lambda: 1, beta: 1 }];
  const q = tf.eye(3);
  expect(() => cmicLoss(labels, tf.ones([4]), q, options)).toThrow(
    "cmicLoss: logits must be float32 [batch,classes], got float32 [4]",
  );
  expect(() => cmicLoss(labels, tf.ones([4, 1]), q, options)).toThrow(
    "cmicLoss: logits must have at least 2 classes, got [4,1]",
  );
  expect(() => cmicLoss(tf.zeros([5], "int32"), logits, q, options)).toThrow(
    "cmicLoss: labels must be int32 class indices [4] or one-hot [4,3], got int32 [5]",
  );
  expect(() => cmicLoss(labels, logits, tf.eye(4), options)).toThrow(
    "cmicLoss: centroids must be float32 [3,3], got float32 [4,4]",
  );
  for (const name of ["lambda", "beta"]) {
    for (const value of [Number.NaN, -1, undefined]) {
      expect(() => cmicLoss(labels, logits, q, { ...options, [name]: value })).toThrow(
        `cmicLoss: ${name} must be a finite number >= 0, got ${value}`,
      );
    }
  }
});
