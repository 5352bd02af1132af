import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { klDivergence } from "../../src/ops/kl-divergence.ts";
import { safeLog, TINY } from "../../src/ops/safe-log.ts";
import { softmaxAndLog, softmaxGradient, softmaxParts } from "../../src/ops/softmax.ts";
import { softplus } from "../../src/ops/softplus.ts";
import {
  expectClose,
  expectFinite,
  extremeLogits,
  logitsOf,
  numericalGradient,
  reference,
} from "../support.ts";

function softmax(z: number[]) {
  const max = Math.max(...z);
  const exp = z.map((x) => Math.exp(x - max));
  const sum = exp.reduce((a, b) => a + b);
  return { p: exp.map((x) => x / sum), shifted: z.map((x) => x - max), logSum: Math.log(sum) };
}

test("softmaxParts and softmaxAndLog agree with float64", async () => {
  const logits = logitsOf(4, 5, 1);
  const rows = (await logits.array()).map(softmax);
  const { p, shifted, logSum } = softmaxParts(logits);
  await expectClose(p, reference(rows.map((row) => row.p)));
  await expectClose(shifted, reference(rows.map((row) => row.shifted)));
  await expectClose(logSum, reference(rows.map((row) => [row.logSum])));
  const { logP } = softmaxAndLog(logits);
  await expectClose(logP, reference(rows.map((row) => row.p.map(Math.log))));
});

test("softmaxAndLog of extreme logits is finite", async () => {
  const { p, logP } = softmaxAndLog(extremeLogits());
  await expectFinite(p, logP);
});

test("softmaxGradient agrees with finite differences", async () => {
  const [logits, g] = [logitsOf(1, 4, 1), logitsOf(1, 4, 2)];
  const weights = [...(await g.data())];
  const slope = numericalGradient(
    (z) => softmax(z).p.reduce((sum, p, c) => sum + p * weights[c]!, 0),
    [...(await logits.data())],
  );
  await expectClose(softmaxGradient(softmaxAndLog(logits).p, g), reference([slope]));
});

test("safeLog of 0 is log 1e-37, and the logarithm from there on", async () => {
  const data = [0, 1e-37, 1e-20, 0.5, 1, 1e20];
  const expected = data.map((p) => Math.log(Math.max(p, TINY)));
  await expectClose(safeLog(tf.tensor1d(data)), reference(expected));
});

test("softplus agrees with float64 and does not overflow", async () => {
  const data = [-100, -10, -1, 0, 1, 10, 100, 1e30];
  const values = await softplus(tf.tensor1d(data)).data();
  for (const [i, x] of data.entries()) {
    const expected = x > 30 ? x : Math.log1p(Math.exp(x));
    expect(Math.abs(values[i]! - expected)).toBeLessThan(1e-5 * Math.max(1, expected));
  }
});

test("klDivergence agrees with float64 for near and far rows, and is 0 for equal ones", async () => {
  const [a, b] = [logitsOf(4, 5, 1), logitsOf(4, 5, 2)];
  const near = tf.add(a, tf.mul(b, 1e-3)) as tf.Tensor2D;
  const kl = (x: number[], y: number[]) => {
    const [p, q] = [softmax(x).p, softmax(y).p];
    return [p.reduce((sum, value, c) => sum + value * Math.log(value / q[c]!), 0)];
  };
  const p = softmaxAndLog(a);
  const rows = await a.array();
  const expected = async (other: tf.Tensor2D) =>
    (await other.array()).map((row, i) => kl(rows[i]!, row));
  await expectClose(klDivergence(p, softmaxAndLog(b)), reference(await expected(b)));
  expect(await klDivergence(p, p).array()).toEqual([[0], [0], [0], [0]]);
  const million = (x: number[][]) => reference(x.map((row) => row.map((kl) => 1e6 * kl)));
  const close = klDivergence(p, softmaxAndLog(near));
  await expectClose(tf.mul(close, 1e6), million(await expected(near)), 5e-3);
});
