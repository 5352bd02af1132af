import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";
import { binaryDivergence } from "../../src/ops/binary-divergence.ts";
import { expectClose, reference } from "../support.ts";

const logSigmoid = (z: number) => Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));

/** KL(σ(t) ‖ σ(s)) as Σ p (x + exp(−x) − 1), without cancellation. */
function divergence(t: number, s: number): number {
  const term = (sign: number) => {
    const x = logSigmoid(sign * t) - logSigmoid(sign * s);
    return Math.exp(logSigmoid(sign * t)) * (x + Math.expm1(-x));
  };
  return term(1) + term(-1);
}

// Around the differences of 0.2 up to which logits, and logarithms, are compared by a series.
test.each([
  [0.4, 0.4 + 0.1999],
  [0.4, 0.4 - 0.1999],
  [-2, -2 + 0.1999],
  [-2, -2 - 0.1999],
  [0.4, 0.6499],
  [-2, -2.2499],
  [0.1, 0.36],
  [1.6, 1.2],
  [-1.2, -1.75],
  [3, 9],
  [-3, -9],
  [9, -9],
])("keeps its digits for logits %f and %f", async (t, s) => {
  const [target, logits] = [tf.tensor2d([[t]]), tf.tensor2d([[s]])];
  const { losses, slopes } = binaryDivergence(target, logits, 1);
  const [p, q] = [Math.fround(t), Math.fround(s)];
  const bound = inject("backend").isSoftwareGpu ? 2e-4 : 6e-6;
  expect(Math.abs((await losses.data())[0]! / divergence(p, q) - 1)).toBeLessThan(bound);
  const slope = Math.exp(logSigmoid(q)) - Math.exp(logSigmoid(p));
  expect(Math.abs((await slopes.data())[0]! / slope - 1)).toBeLessThan(bound);
});

test("is the mean over the labels, with logits divided by the temperature", async () => {
  const [t, s, temperature] = [[0.5, -3, 2], [1.5, -1, 2.25], 3];
  const { losses, slopes } = binaryDivergence(tf.tensor2d([t]), tf.tensor2d([s]), temperature);
  const pairs = t.map((x, k): [number, number] => [x / temperature, s[k]! / temperature]);
  const mean = pairs.reduce((sum, [x, y]) => sum + divergence(x, y) / 3, 0);
  await expectClose(losses, reference([[temperature ** 2 * mean]]));
  const sigmoid = (z: number) => Math.exp(logSigmoid(z));
  const expected = pairs.map(([x, y]) => (temperature / 3) * (sigmoid(y) - sigmoid(x)));
  await expectClose(slopes, reference([expected]));
});
