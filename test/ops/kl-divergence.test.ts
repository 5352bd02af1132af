import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";
import { klDivergence, type RowDistribution } from "../../src/ops/kl-divergence.ts";
import { softDivergence } from "../../src/ops/soft-divergence.ts";

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

// Logarithms that differ by almost 0.2, where the series ends, or by half of it.
const grid = Array.from({ length: 90 }, (_, i) => 0.05 + 0.01 * i);
const targets = [...grid, ...grid, ...grid];
const others = [0.105, 0.199, 0.205].flatMap((x) => grid.map((p) => p * Math.exp(-x)));

test("keeps its digits where a series is near its end", async () => {
  const [target, other] = [binary(targets), binary(others)];
  const expected = await expectedOf(target, other);
  const values = await klDivergence(target, other).data();
  const errors = expected.map((kl, i) => Math.abs(values[i]! / kl - 1));
  expect(Math.max(...errors)).toBeLessThan(1e-5);
});

test("softDivergence keeps its digits there", async () => {
  const [t, s] = [targets, others].map((p) =>
    tf.tensor2d(p.map((p) => [0, Math.log(p / (1 - p))])),
  );
  const logits = await Promise.all([t!, s!].map((x) => x.array() as Promise<number[][]>));
  const expected = logits[0]!.map(([, z], i) => {
    const p = [-z!, z!].map((x) => 1 / (1 + Math.exp(-x)));
    const w = logits[1]![i]![1]!;
    const q = [-w, w].map((x) => 1 / (1 + Math.exp(-x)));
    return p.reduce((sum, p, c) => sum + p * Math.log(p / q[c]!), 0);
  });
  const { losses } = softDivergence(t as tf.Tensor2D, s as tf.Tensor2D, 1);
  const values = await losses.data();
  const errors = expected.map((kl, i) => Math.abs(values[i]! / kl - 1));
  expect(Math.max(...errors)).toBeLessThan(inject("backend").isSoftwareGpu ? 1e-4 : 1.5e-5);
});

test("is 0 for equal rows, infinite for masked ones, and ignores probabilities of 0", async () => {
  const [half, equal] = [binary([0.5, 0.5]), binary([0.5, 0.5])];
  expect([...(await klDivergence(half, equal).data())]).toEqual([0, 0]);
  const certain = { p: tf.tensor2d([[1, 0]]), logP: tf.tensor2d([[0, -1e30]]) };
  const fair = binary([0.5]);
  expect((await klDivergence(fair, certain).data())[0]).toBe(Number.POSITIVE_INFINITY);
  expect((await klDivergence(certain, fair).data())[0]).toBeCloseTo(Math.LN2, 6);
});
