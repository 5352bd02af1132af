import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { centroidLosses, classCentroidLosses } from "../../src/ops/centroid-losses.ts";
import { noiseLosses } from "../../src/ops/noise-losses.ts";
import { softDivergence } from "../../src/ops/soft-divergence.ts";
import { softmaxParts } from "../../src/ops/softmax.ts";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, on, random } from "./support.ts";

beforeAll(registerTrainingKernels);

type Matrix = tf.Tensor2D;

const logits = (shape: number[], seed: number) => tf.mul(random(shape, seed), 3) as Matrix;
const rows = (shape: number[], seed: number) => tf.softmax(logits(shape, seed)) as Matrix;
const flat = (...parts: tf.Tensor[]) => tf.concat(parts.map((x) => tf.reshape(x, [-1])));
const classesOf = (batch: number, numClasses: number) =>
  tf.tensor1d(
    Array.from({ length: batch }, (_, i) => (7 * i + 1) % numClasses),
    "int32",
  );

/** Losses and slopes of each op for random rows. */
const ops = {
  softmaxParts: (z: Matrix) => {
    const { p, shifted, logSum } = softmaxParts(z);
    return flat(p, shifted, logSum);
  },
  "softDivergence, T = 1": (z: Matrix) => divergence(z, 1),
  "softDivergence, T = 4": (z: Matrix) => divergence(z, 4),
  "centroidLosses of rows": (z: Matrix) => {
    const attrs = { crossEntropy: 1, divergence: -0.3, labelSmoothing: 0.1 };
    const logQ = tf.log(rows(z.shape, 3)) as Matrix;
    const { losses, slopes } = centroidLosses(rows(z.shape, 2), z, logQ, attrs);
    return flat(losses, slopes);
  },
  "centroidLosses without cross-entropy": (z: Matrix) => {
    const attrs = { crossEntropy: 0, divergence: 1, labelSmoothing: 0 };
    const logQ = tf.log(rows(z.shape, 3)) as Matrix;
    const { losses, slopes } = centroidLosses(rows(z.shape, 2), z, logQ, attrs);
    return flat(losses, slopes);
  },
  "classCentroidLosses, smoothed": (z: Matrix) => ofClasses(z, 1, 0.2),
  "classCentroidLosses, not smoothed": (z: Matrix) => ofClasses(z, 1, 0),
  "classCentroidLosses without cross-entropy": (z: Matrix) => ofClasses(z, 0, 0),
  noiseLosses: (z: Matrix) => ofNoise(z),
  "noiseLosses, counted": (z: Matrix) =>
    ofNoise(
      z,
      tf.tidy((): Matrix => tf.mod(tf.reshape(tf.range(0, z.size), z.shape), 4)),
    ),
} as const;

function ofNoise(scores: Matrix, counts?: Matrix) {
  const { losses, slopes } = noiseLosses(scores, tf.scalar(0.3), counts);
  return flat(losses, slopes);
}

function divergence(z: Matrix, temperature: number) {
  const { losses, slopes } = softDivergence(logits(z.shape, 2), z, temperature);
  return flat(losses, slopes);
}

function ofClasses(z: Matrix, crossEntropy: number, labelSmoothing: number) {
  const [batch, numClasses] = z.shape;
  const centroids = rows([numClasses, numClasses], 3);
  const attrs = { crossEntropy, divergence: -0.3, labelSmoothing };
  const classes = classesOf(batch, numClasses);
  const { losses, slopes } = classCentroidLosses(classes, z, centroids, attrs);
  return flat(losses, slopes);
}

describe.each(Object.entries(ops))("%s", (_, op) => {
  test.each([
    [1, 1],
    [1, 2],
    [3, 4],
    [5, 10],
    [7, 103],
    [300, 8],
  ])("[%i, %i]", async (batch, numClasses) => {
    await expectSameAsCpu(() => op(logits([batch, numClasses], 1)));
  });

  test("any size", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(size, size, async (batch, numClasses) => {
        await expectSameAsCpu(() => op(logits([batch, numClasses], 1)));
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  test("a row with NaN or infinity gives NaN and leaves the others", async () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, 1, 2];
    const z = () =>
      tf.tensor2d(
        special.flatMap((x) => [0.5, x, -1, 0, 2]),
        [4, 5],
      );
    const cpu = await on("cpu", () => op(z()));
    const wasm = await on("wasm", () => op(z()));
    expect(wasm.values.map(Number.isNaN)).toEqual(cpu.values.map(Number.isNaN));
    expect(wasm.values.some(Number.isNaN)).toBe(true);
  });

  test("extreme logits give no NaN, and infinity only where cpu does", async () => {
    const extreme = [1e4, -1e4, 0, 1e15, -1e15, 0, 3e38, -3e38, 0, -1e30, 1e30, 5];
    const of = (backend: "cpu" | "wasm") => on(backend, () => op(tf.tensor2d(extreme, [4, 3])));
    const { values } = await of("wasm");
    expect(values.filter(Number.isNaN)).toEqual([]);
    expect(values.map(Number.isFinite)).toEqual((await of("cpu")).values.map(Number.isFinite));
  });

  test("no rows", async () => {
    const { values } = await on("wasm", () => op(tf.zeros([0, 5])));
    expect(values).toEqual([]);
  });
});

test("noiseLosses of thousands of scores keep their digits", async () => {
  const size = 20_000;
  const scores = () => tf.add(logits([2, size], 1), -4) as Matrix;
  const counts = () => tf.floor(tf.mul(tf.abs(random([2, size], 2)), 1.5)) as Matrix;
  const [{ values: s }, { values: n }] = [await on("cpu", scores), await on("cpu", counts)];
  const { values } = await on("wasm", () => noiseLosses(scores(), tf.scalar(-1), counts()).losses);
  for (const [row, value] of values.entries()) {
    const terms = s.map((x, i) => n[i]! * Math.log1p(Math.exp(x + 1)));
    const expected = terms.slice(row * size, (row + 1) * size).reduce((a, b) => a + b);
    expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6);
  }
});

test("masked logits", async () => {
  const masked = Number.NEGATIVE_INFINITY;
  const z = () => tf.tensor2d([1, masked, 0, masked, 2, masked], [2, 3]);
  const other = () => tf.tensor2d([0, masked, 2, masked, 1, masked], [2, 3]);
  await expectSameAsCpu(() => {
    const { losses, slopes } = softDivergence(other(), z(), 4);
    return flat(losses, slopes);
  });
  const isInfinite = (values: number[]) => values.map((x) => x === Number.POSITIVE_INFINITY);
  const unmasked = () => softDivergence(tf.zeros([2, 3]), z(), 4).losses;
  expect(isInfinite((await on("wasm", unmasked)).values)).toEqual([true, true]);
  await expectSameAsCpu(() => ops.softmaxParts(z()));
  await expectSameAsCpu(() => {
    const attrs = { crossEntropy: 0, divergence: 1, labelSmoothing: 0 };
    const { losses, slopes } = centroidLosses(rows([2, 3], 1), z(), logits([2, 3], 2), attrs);
    return flat(losses, slopes);
  });
});

test("a class outside of the range reads no memory outside of the centroids", async () => {
  const { values } = await on("wasm", () => {
    const classes = tf.tensor1d([-1, 2 ** 31 - 1, 5], "int32");
    const attrs = { crossEntropy: 1, divergence: 1, labelSmoothing: 0 };
    return classCentroidLosses(classes, logits([3, 5], 1), rows([5, 5], 2), attrs).losses;
  });
  expect(values.filter((x) => !Number.isFinite(x))).toEqual([]);
});

test("centroids of 0 count as 1e-37", async () => {
  await expectSameAsCpu(() => {
    const attrs = { crossEntropy: 1, divergence: -0.2, labelSmoothing: 0 };
    const centroids = tf.tensor2d([1, 0, 0, 1], [2, 2]);
    const classes = tf.tensor1d([0, 1, 1], "int32");
    const { losses, slopes } = classCentroidLosses(classes, logits([3, 2], 1), centroids, attrs);
    return flat(losses, slopes);
  });
});

/** T² KL(p ‖ q) of a row in float64. */
function divergenceOf(target: number[], logits: number[], temperature: number): number {
  const logSoftmax = (z: number[]) => {
    const largest = Math.max(...z);
    const sum = z.reduce((sum, x) => sum + Math.exp((x - largest) / temperature), 0);
    return z.map((x) => (x - largest) / temperature - Math.log(sum));
  };
  const [p, q] = [logSoftmax(target), logSoftmax(logits)];
  const terms = p.map((logP, i) => Math.exp(logP) * (logP - q[i]!));
  return temperature ** 2 * terms.reduce((a, b) => a + b, 0);
}

test.each([1, 4, 8, 32, 100])("softDivergence keeps its digits at T = %i", async (temperature) => {
  await tf.setBackend("wasm");
  const [target, z] = [logits([40, 7], 1), logits([40, 7], 2)];
  const { values } = await on("wasm", () => softDivergence(target, z, temperature).losses);
  const [ofTarget, ofZ] = [await target.array(), await z.array()];
  const expected = ofTarget.map((row, i) => divergenceOf(row, ofZ[i]!, temperature));
  for (const [i, value] of values.entries()) {
    expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(1e-5);
  }
  tf.dispose([target, z]);
});

describe("Exp and Log", () => {
  /** The largest relative error. */
  const worst = (actual: number[], expected: number[]) =>
    actual.reduce((max, x, i) => Math.max(max, Math.abs(x / expected[i]! - 1)), 0);

  test("exp is accurate to a unit in the last place, from denormals to infinity", async () => {
    const x = Float32Array.from({ length: 20_001 }, (_, i) => -87.3 + (176 * i) / 20_000);
    const { values } = await on("wasm", () => tf.exp(tf.tensor1d(x)));
    const finite = values.filter(Number.isFinite);
    expect(worst(finite, [...x].slice(0, finite.length).map(Math.exp))).toBeLessThan(1.3e-7);
    const special = [0, -0, 89, 1e30, -1e30, -95, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]; // biome-ignore format: one line
    const ends = await on("wasm", () => tf.exp(tf.tensor1d(special)));
    const expected = special.map((v) => Math.fround(Math.exp(v)));
    expect(ends.values[5]! / expected[5]!).toBeCloseTo(1, 3);
    for (const list of [ends.values, expected]) list.splice(5, 1);
    expect(ends.values).toEqual(expected);
  });

  test("log is accurate to a unit in the last place, from denormals to the largest number", async () => {
    const x = Float32Array.from({ length: 20_001 }, (_, i) => 2 ** (-148 + (275 * i) / 20_000));
    const { values } = await on("wasm", () => tf.log(tf.tensor1d(x)));
    expect(worst(values, [...x].map(Math.log))).toBeLessThan(1.3e-7);
    const near = Float32Array.from({ length: 2001 }, (_, i) => 1 + (i - 1000) * 1e-4);
    const logs = await on("wasm", () => tf.log(tf.tensor1d(near)));
    const errors = logs.values.map((v, i) => Math.abs(v - Math.log(near[i]!)));
    expect(Math.max(...errors)).toBeLessThan(1e-8);
    const special = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const ends = await on("wasm", () => tf.log(tf.tensor1d(special)));
    expect(ends.values).toEqual(special.map(Math.log));
  });

  test("int32, no entries, any size", async () => {
    await expectSameAsCpu(() => tf.exp(tf.tensor1d([1, 2, 3], "int32"))); // tfjs rejects it for log
    for (const f of [tf.exp, tf.log]) {
      for (const size of [0, 1, 2, 3, 5]) {
        await expectSameAsCpu(() => f(tf.add(tf.abs(random([size], 1)), 0.1)));
      }
    }
  });
});
