import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { klDivergence, type RowDistribution } from "../../src/ops/kl-divergence.ts";

/** Rows (p, 1 − p) as float32 numbers. */
const binary = (probabilities: readonly number[]) => {
  const p = tf.tensor2d(probabilities.map((p) => [p, 1 - p]));
  const logP = tf.tensor2d(probabilities.map((p) => [Math.log(p), Math.log1p(-p)]));
  return { p, logP };
};

/** Σ p (x + exp(−x) − 1) of the numbers that the tensors hold, in float64. */
async function expectedOf(target: RowDistribution, other: RowDistribution): Promise<number[]> {
  const [p, logP, logQ] = await Promise.all(
    [target.p, target.logP, other.logP].map((x) => x.array() as Promise<number[][]>),
  );
  return p!.map((row, i) =>
    row.reduce((sum, p, j) => {
      const x = logP![i]![j]! - logQ![i]![j]!;
      return sum + p * (x + Math.expm1(-x));
    }, 0),
  );
}

test("keeps its digits where the logarithms differ by almost 0.1", async () => {
  const [target, other] = [binary([0.9, 0.1, 0.9, 0.5]), binary([0.8905, 0.1095, 0.9095, 0.45244])];
  const expected = await expectedOf(target, other);
  const values = await klDivergence(target, other).data();
  const errors = expected.map((kl, i) => Math.abs(values[i]! / kl - 1));
  expect(Math.max(...errors)).toBeLessThan(5e-6);
});

test("is 0 for equal rows, infinite for masked ones, and ignores probabilities of 0", async () => {
  const [half, equal] = [binary([0.5, 0.5]), binary([0.5, 0.5])];
  expect([...(await klDivergence(half, equal).data())]).toEqual([0, 0]);
  const certain = { p: tf.tensor2d([[1, 0]]), logP: tf.tensor2d([[0, -1e30]]) };
  const fair = binary([0.5]);
  expect((await klDivergence(fair, certain).data())[0]).toBe(Number.POSITIVE_INFINITY);
  expect((await klDivergence(certain, fair).data())[0]).toBeCloseTo(Math.LN2, 6);
});
