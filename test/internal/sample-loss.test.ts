import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { kdLoss } from "../../src/index.ts";
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
