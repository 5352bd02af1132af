import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { kdLoss } from "../../src/index.ts";
import { sampleLoss } from "../../src/internal/sample-loss.ts";
import { expectClose, reference, valueAndGrad } from "../support.ts";

const teacher = () =>
  tf.tensor2d([
    [1, 0],
    [0, 1],
  ]);
const student = () =>
  tf.tensor2d([
    [0, 0],
    [0, 0.5],
  ]);

test("MEAN divides by the sum of the weights, also a negative one", async () => {
  const [a, b] = [...(await kdLoss(teacher(), student(), { reduction: tf.Reduction.NONE }).data())];
  for (const [v, w] of [
    [-1, 0.5],
    [1e-30, 3e-30],
  ] as const) {
    const loss = kdLoss(teacher(), student(), { weights: tf.tensor1d([v, w]) });
    await expectClose(loss, reference((v * a! + w * b!) / (v + w)));
  }
});

test.each([tf.Reduction.MEAN, tf.Reduction.SUM, tf.Reduction.SUM_BY_NONZERO_WEIGHTS])(
  "a sample of weight 0 does not count, even if it holds NaN: reduction %i",
  async (reduction) => {
    const nan = Number.NaN;
    const weights = tf.tensor1d([0.5, 0]);
    const loss = (t: tf.Tensor, s: tf.Tensor) => kdLoss(t, s, { reduction, weights });
    const expected = valueAndGrad((s) => loss(teacher(), s), student());
    const [t, s] = [
      tf.tensor2d([
        [1, 0],
        [nan, 1],
      ]),
      tf.tensor2d([
        [0, 0],
        [nan, nan],
      ]),
    ];
    const { value, grad } = valueAndGrad((s) => loss(t, s), s);
    expect(await value.data()).toEqual(await expected.value.data());
    expect(await grad.data()).toEqual(await expected.grad.data());
  },
);

test("weights of 0 alone give a mean of 0", async () => {
  const weights = tf.zeros([2]) as tf.Tensor1D;
  const { value, grad } = valueAndGrad((s) => kdLoss(teacher(), s, { weights }), student());
  expect([...(await value.data()), ...(await grad.data())]).toEqual([0, 0, 0, 0, 0]);
});

/** Losses of the rows, and slopes of 10 times the loss: value and gradient show every factor. */
const losses = [2, 3, 5, 7];
const compute = () => ({
  losses: tf.tensor2d(losses.map((x) => [x])),
  slopes: tf.tensor2d(losses.map((x) => [10 * x, -10 * x])),
});

const { NONE, MEAN, SUM, SUM_BY_NONZERO_WEIGHTS } = tf.Reduction;

// Weights by sample hold for both positions: 0.5, 0.5, −2, −2.
const byPosition = [0.5, 0, 3, -1];
test.each([
  ["MEAN", MEAN, undefined, [0.25, 0.25, 0.25, 0.25]],
  ["SUM", SUM, undefined, [1, 1, 1, 1]],
  ["SUM_BY_NONZERO_WEIGHTS", SUM_BY_NONZERO_WEIGHTS, undefined, [0.25, 0.25, 0.25, 0.25]],
  ["MEAN", MEAN, byPosition, byPosition.map((w) => w / 2.5)],
  ["SUM", SUM, byPosition, byPosition],
  ["SUM_BY_NONZERO_WEIGHTS", SUM_BY_NONZERO_WEIGHTS, byPosition, byPosition.map((w) => w / 3)],
  ["MEAN", MEAN, [0.5, -2], [0.5, 0.5, -2, -2].map((w) => w / -3)],
  ["SUM_BY_NONZERO_WEIGHTS", SUM_BY_NONZERO_WEIGHTS, [0.5, 0], [0.25, 0.25, 0, 0]],
  ["MEAN", MEAN, [0, 0], [0, 0, 0, 0]],
  ["SUM_BY_NONZERO_WEIGHTS", SUM_BY_NONZERO_WEIGHTS, [0, 0], [0, 0, 0, 0]],
] as const)("%s, weights %j: the factor of each row", async (_, reduction, given, factors) => {
  const weights = given && tf.tensor(given, given.length === 4 ? [2, 2] : [2]);
  const loss = (z: tf.Tensor) => sampleLoss("f", z, { reduction, weights }, compute);
  const { value, grad } = valueAndGrad(loss, tf.zeros([2, 2, 2]), tf.scalar(3));
  await expectClose(value, reference(losses.reduce((sum, x, i) => sum + x * factors[i]!, 0)));
  const slopes = losses.flatMap((x, i) => [30 * x * factors[i]!, -30 * x * factors[i]!]);
  await expectClose(grad, { shape: [2, 2, 2], data: slopes });
});

test.each([undefined, byPosition])("NONE, weights %j: a loss for each row", async (given) => {
  const weights = given && tf.tensor2d(given, [2, 2]);
  const factors = given ?? [1, 1, 1, 1];
  const loss = (z: tf.Tensor) => sampleLoss("f", z, { reduction: NONE, weights }, compute);
  const upstream = [1, 2, 3, 4];
  const dy = tf.tensor2d(upstream, [2, 2]);
  const { value, grad } = valueAndGrad(loss, tf.zeros([2, 2, 2]), dy);
  await expectClose(value, { shape: [2, 2], data: losses.map((x, i) => x * factors[i]!) });
  const slopes = losses.flatMap((x, i) => {
    const slope = 10 * x * factors[i]! * upstream[i]!;
    return [slope, -slope];
  });
  await expectClose(grad, { shape: [2, 2, 2], data: slopes });
});

test("MEAN is the default, and reduction and weights are checked", () => {
  const call = (options: object) => () => sampleLoss("f", tf.zeros([4, 2]), options, compute);
  expect(call({})().shape).toEqual([]);
  expect(call({ reduction: 7 })).toThrow("f: reduction must be one of tf.Reduction, got 7");
  expect(call({ weights: tf.ones([3]) })).toThrow(
    "f: weights must be float32 [4], got float32 [3]",
  );
});
