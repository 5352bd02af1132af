import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { binaryDivergence } from "../../src/ops/binary-divergence.ts";
import { centroidLosses, classCentroidLosses } from "../../src/ops/centroid-losses.ts";
import { decoupledDivergence } from "../../src/ops/decoupled-divergence.ts";
import { mixLogs } from "../../src/ops/mix-logs.ts";
import { oneHot } from "../../src/ops/one-hot.ts";
import type { RowLosses } from "../../src/ops/row-losses.ts";
import { softDivergence } from "../../src/ops/soft-divergence.ts";
import { softmaxParts } from "../../src/ops/softmax.ts";
import { expectNoLeak, labelsOf, logitsOf } from "../support.ts";
import { composed, expectSame, rowsOfNaN } from "./support.ts";

/** Matrices of logits and distributions of the same shape. */
function inputsOf(n: number, c: number) {
  const logits = logitsOf(n, c, 1);
  const teacher = logitsOf(n, c, 2);
  const distributions = tf.softmax(logitsOf(n, c, 3)) as tf.Tensor2D;
  return { logits, teacher, distributions, labels: labelsOf(n, c) };
}
type Inputs = ReturnType<typeof inputsOf>;

const attrs = { crossEntropy: 1, divergence: -0.3, labelSmoothing: 0.1 };
const cmi = { crossEntropy: 0, divergence: 1, labelSmoothing: 0 };
const dkd = { alpha: 1, beta: 8, temperature: 4 };
const logOf = (x: tf.Tensor2D): tf.Tensor2D => tf.log(x);

const ops: Record<string, (inputs: Inputs) => RowLosses> = {
  softDivergence: ({ teacher, logits }) => softDivergence(teacher, logits, 4),
  decoupledDivergence: ({ teacher, logits, labels }) =>
    decoupledDivergence(oneHot(labels, logits.shape[1]), teacher, logits, dkd),
  centroidLosses: ({ logits, teacher, distributions }) =>
    centroidLosses(distributions, logits, logOf(tf.softmax(teacher)), attrs),
  "centroidLosses of the CMI": ({ logits, teacher, distributions }) =>
    centroidLosses(distributions, logits, logOf(tf.softmax(teacher)), cmi),
};
const finiteRows = (xs: tf.Tensor[]) => xs.map((x) => tf.gather(x, [0, 3, 5]));
const listOf = ({ losses, slopes }: RowLosses) => [losses, slopes];

describe.each(Object.keys(ops))("%s", (name) => {
  const op = ops[name]!;
  // Sizes around those at which rows get more threads, and more rows than a workgroup has.
  test.each([
    [5, 1],
    [70, 2],
    [65, 10],
    [3, 16],
    [3, 17],
    [9, 100],
    [2, 129],
    [2, 1000],
    [1, 21841],
  ])("equals its composition for logits [%i, %i]", async (n, c) => {
    const inputs = inputsOf(n, c);
    await expectSame(
      listOf(op(inputs)),
      composed(() => listOf(op(inputs))),
    );
  });

  test("is empty for no rows", async () => {
    const empty = () => tf.zeros<tf.Rank.R2>([0, 3]);
    const labels = tf.tensor1d([], "int32");
    const [logits, teacher, distributions] = [empty(), empty(), empty()];
    const { losses, slopes } = op({ logits, teacher, distributions, labels });
    expect([losses.shape, slopes.shape]).toEqual([
      [0, 1],
      [0, 3],
    ]);
    expect(await losses.data()).toHaveLength(0);
  });

  test.each([3, 100])("NaN, infinite and masked logits of %i classes", async (c) => {
    const rows = await logitsOf(6, c, 1).array();
    rows[1]![c - 1] = Number.NaN;
    rows[2]![0] = Number.POSITIVE_INFINITY;
    rows[3]![1] = Number.NEGATIVE_INFINITY;
    rows[4]!.fill(Number.NEGATIVE_INFINITY);
    const keys = name.includes("centroid") ? ["logits"] : ["logits", "teacher"];
    for (const key of keys) {
      const compute = () => listOf(op({ ...inputsOf(6, c), [key]: tf.tensor2d(rows) }));
      const [got, expected] = [compute(), composed(compute)];
      for (const x of got) expect(await rowsOfNaN(x)).toEqual([1, 2, 4]);
      await expectSame(finiteRows(got), finiteRows(expected)); // tfjs loses some NaN
    }
  });

  test("takes float32 tensors that the backend stores as integers", async () => {
    const whole = (seed: number) =>
      tf.cast(tf.cast(logitsOf(3, 4, seed), "int32"), "float32") as tf.Tensor2D;
    const compute = (convert: (x: tf.Tensor2D) => tf.Tensor2D) => {
      const [logits, teacher] = [convert(whole(1)), convert(whole(2))];
      const distributions = convert(tf.cast(tf.oneHot([0, 1, 3], 4), "float32") as tf.Tensor2D);
      return listOf(op({ logits, teacher, distributions, labels: labelsOf(3, 4) }));
    };
    const copied = compute((x) => tf.add(x, 0));
    await expectSame(
      compute((x) => x),
      copied,
    );
  });

  test("leaves nothing behind but its results", () => {
    const inputs = inputsOf(2, 3);
    expectNoLeak(() => tf.tidy(() => listOf(op(inputs))));
  });
});

describe("classCentroidLosses", () => {
  const centroidsOf = (c: number) => tf.softmax(logitsOf(c, c, 4)) as tf.Tensor2D;

  // More classes than samples, and fewer.
  test.each([
    [5, 1],
    [70, 2],
    [33, 10],
    [9, 100],
    [200, 100],
    [3, 1000],
  ])("equals its composition for logits [%i, %i]", async (n, c) => {
    const [logits, labels, centroids] = [logitsOf(n, c, 1), labelsOf(n, c), centroidsOf(c)];
    for (const weights of [attrs, cmi]) {
      const compute = () => listOf(classCentroidLosses(labels, logits, centroids, weights));
      await expectSame(compute(), composed(compute));
    }
  });

  test("NaN in logits and centroids, and centroids of 0", async () => {
    const logits = await logitsOf(4, 3, 1).array();
    logits[3]![0] = Number.NaN;
    const centroids = tf.tensor2d([
      [1, 0, 0],
      [0.5, Number.NaN, 0.5],
      [1e-38, -1, 1],
    ]);
    const compute = () => {
      const labels = tf.tensor1d([0, 1, 2, 0], "int32");
      return listOf(classCentroidLosses(labels, tf.tensor2d(logits), centroids, attrs));
    };
    const got = compute();
    for (const x of got) expect(await rowsOfNaN(x)).toEqual([1, 3]);
    await expectSame(got, composed(compute));
  });

  test("is empty for no rows, and leaves nothing behind but its results", () => {
    const centroids = centroidsOf(3);
    for (const n of [0, 2]) {
      const [labels, logits] = [tf.zeros<tf.Rank.R1>([n], "int32"), tf.zeros<tf.Rank.R2>([n, 3])];
      expectNoLeak(() => listOf(classCentroidLosses(labels, logits, centroids, attrs)));
      const { losses, slopes } = classCentroidLosses(labels, logits, centroids, attrs);
      expect([losses.shape, slopes.shape]).toEqual([
        [n, 1],
        [n, 3],
      ]);
    }
  });
});

describe("binaryDivergence", () => {
  test.each([
    [5, 1, 1],
    [70, 2, 4],
    [3, 17, 0.5],
    [9, 100, 4],
    [1, 5000, 1],
  ])("equals its composition for logits [%i, %i] at temperature %f", async (n, k, temperature) => {
    const teacher = logitsOf(n, k, 2);
    for (const logits of [logitsOf(n, k, 1), tf.mul(teacher, 40) as tf.Tensor2D]) {
      const compute = () => listOf(binaryDivergence(teacher, logits, temperature));
      await expectSame(compute(), composed(compute));
    }
  });

  test.each([0.3, 1e-2, 1e-4])(
    "agrees with float64 for logits that differ by %f",
    async (scale) => {
      const teacher = logitsOf(6, 5, 2);
      const logits = tf.add(teacher, tf.mul(logitsOf(6, 5, 3), scale)) as tf.Tensor2D;
      const { losses, slopes } = binaryDivergence(teacher, logits, 3);
      const [t, s] = [await teacher.array(), await logits.array()];
      const [values, changes] = [await losses.data(), await slopes.array()];
      for (const [i, row] of s.entries()) {
        const expected = row.map((z, k) => bernoulli(t[i]![k]! / 3, z / 3));
        const sum = expected.reduce((total, { divergence }) => total + divergence, 0);
        expect(Math.abs(values[i]! / (sum * (9 / 5)) - 1)).toBeLessThan(1e-4);
        for (const [k, { change }] of expected.entries()) {
          expect(Math.abs(changes[i]![k]! / (change * (3 / 5)) - 1)).toBeLessThan(1e-4);
        }
      }
    },
  );

  test("NaN, and infinite logits, which are certain outcomes", async () => {
    const special = [0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const pairs = special.flatMap((t) => special.map((s) => [t, s] as const));
    const [teacher, logits] = [0, 1].map((side) => tf.tensor2d(pairs.map((pair) => [pair[side]!])));
    const compute = () => listOf(binaryDivergence(teacher!, logits!, 2));
    const got = compute();
    const [losses, slopes] = [await got[0]!.data(), await got[1]!.data()];
    for (const [i, [t, s]] of pairs.entries()) {
      const isBounded = t === s || Number.isFinite(s);
      const isNaNs = Number.isNaN(t) || Number.isNaN(s);
      expect(Number.isNaN(losses[i])).toBe(isNaNs);
      expect(Number.isNaN(slopes[i])).toBe(isNaNs);
      if (!isNaNs) expect(Number.isFinite(losses[i])).toBe(isBounded);
    }
  });

  test("a NaN stays in its entry of the slopes", async () => {
    const logits = tf.tensor2d([[1, Number.NaN, 2]]);
    const { losses, slopes } = binaryDivergence(tf.zeros([1, 3]), logits, 1);
    expect([...(await losses.data())]).toEqual([Number.NaN]);
    expect([...(await slopes.data())].map(Number.isNaN)).toEqual([false, true, false]);
  });

  test("is empty for no rows, and leaves nothing behind but its results", () => {
    for (const n of [0, 2]) {
      const [teacher, logits] = [tf.zeros<tf.Rank.R2>([n, 3]), tf.ones<tf.Rank.R2>([n, 3])];
      expectNoLeak(() => listOf(binaryDivergence(teacher, logits, 1)));
      expect(listOf(binaryDivergence(teacher, logits, 1)).map((x) => x.shape)).toEqual([
        [n, 1],
        [n, 3],
      ]);
    }
  });
});

/**
 * KL(σ(t) ‖ σ(s)) and σ(s) − σ(t) in float64, from the difference d of the logits: with g = exp(d) − 1 and
 * p = σ(t), the divergence is log(1 + p g) − p d.
 */
function bernoulli(t: number, s: number) {
  const p = 1 / (1 + Math.exp(-t));
  const g = Math.expm1(s - t);
  const change = (p * (1 - p) * g) / (1 + p * g);
  return { divergence: Math.log1p(p * g) - p * (s - t), change };
}

describe("mixLogs", () => {
  // Up to and beyond the classes that a thread adds.
  test.each([
    [5, 1, 1],
    [3, 2, 7],
    [70, 10, 10],
    [9, 256, 3],
    [2, 257, 257],
  ])("equals its composition for weights [%i, %i] and %i columns", async (n, k, c) => {
    const probabilities = tf.softmax(logitsOf(k, c, 4)) as tf.Tensor2D;
    const oneHots = oneHot(labelsOf(n, k), k);
    for (const weights of [tf.softmax(logitsOf(n, k, 3)) as tf.Tensor2D, oneHots]) {
      const compute = () => [mixLogs(weights, probabilities)];
      await expectSame(compute(), composed(compute));
    }
  });

  test("NaN in weights and probabilities, and probabilities of 0", async () => {
    const weights = tf.tensor2d([
      [1, 0],
      [Number.NaN, 1],
    ]);
    const probabilities = tf.tensor2d([
      [0, 0.5, 0.5],
      [1, 0.5, Number.NaN],
    ]);
    const compute = () => [mixLogs(weights, probabilities)];
    const [first, second, third, ...others] = [...(await compute()[0]!.data())];
    expect([third, ...others]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect(first).toBeCloseTo(Math.log(1e-37), 3);
    expect(second).toBeCloseTo(Math.log(0.5), 5);
  });

  test("is empty for no rows, and leaves nothing behind but its results", () => {
    for (const [n, k] of [
      [0, 3],
      [2, 3],
      [2, 300],
    ] as const) {
      const [weights, probabilities] = [tf.zeros<tf.Rank.R2>([n, k]), tf.ones<tf.Rank.R2>([k, 4])];
      expectNoLeak(() => mixLogs(weights, probabilities));
      expect(mixLogs(weights, probabilities).shape).toEqual([n, 4]);
    }
  });
});

test("softDivergence of near rows and of high temperatures agrees with float64", async () => {
  const logits = logitsOf(4, 50, 1);
  const near = tf.add(logits, tf.mul(logitsOf(4, 50, 2), 1e-2)) as tf.Tensor2D;
  const [a, b] = [await logits.array(), await near.array()];
  for (const temperature of [1, 4, 100]) {
    const losses = await softDivergence(logits, near, temperature).losses.data();
    for (const [i, loss] of losses.entries()) {
      const expected = divergence(a[i]!, b[i]!, temperature) * temperature ** 2;
      expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-3);
    }
  }
  expect([...(await softDivergence(logits, logits, 100).losses.data())]).toEqual([0, 0, 0, 0]);
});

/** KL(softmax(a/T) ‖ softmax(b/T)) in float64, by the form without cancellation. */
function divergence(a: number[], b: number[], temperature: number): number {
  const [p, q] = [a, b].map((row) => {
    const exp = row.map((z) => Math.exp(z / temperature));
    const sum = exp.reduce((x, y) => x + y);
    return exp.map((x) => x / sum);
  }) as [number[], number[]];
  return p.reduce((sum, x, c) => sum + x * (q[c]! / x - 1 - Math.log1p(q[c]! / x - 1)), 0);
}

test.each([1, 10, 100, 1000])("softmaxParts equals its composition for %i classes", async (c) => {
  const rows = await logitsOf(5, c, 1).array();
  rows[1]![c - 1] = Number.NaN;
  if (c > 1) rows[2]![0] = Number.NEGATIVE_INFINITY;
  const { p, shifted, logSum } = softmaxParts(tf.tensor2d(rows));
  for (const x of [p, shifted, logSum]) expect(await rowsOfNaN(x)).toEqual([1]);
  const other = composed(() => softmaxParts(tf.tensor2d(rows)));
  const pick = (x: tf.Tensor) => tf.clipByValue(tf.gather(x, [0, 2, 3, 4]), -100, 9);
  await expectSame(
    [pick(p), pick(shifted), pick(logSum)],
    [pick(other.p), pick(other.shifted), pick(other.logSum)],
  );
});
