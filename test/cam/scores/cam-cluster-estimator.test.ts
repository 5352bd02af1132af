import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CamClusterEstimator,
  camClusterScore,
  conditionalMutualInformation,
  normalizeCam,
} from "../../../src/index.ts";
import { labelsOf } from "../../support.ts";

/** Distributions over positions; some positions are empty. */
const mapsOf = (n: number, h: number, w: number, seed: number) =>
  normalizeCam(tf.relu(tf.randomNormal([n, h, w], 0, 1, "float32", seed)), { to: "distribution" });

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: number[]) => sum(values) / values.length;
const entropy = (p: number[]) => -sum(p.map((x) => (x > 0 ? x * Math.log(x) : 0)));
const mix = (maps: number[][]) => maps[0]!.map((_, s) => mean(maps.map((p) => p[s]!)));
/** KL(p ‖ q) by definition. */
const divergence = (p: number[], q: number[]) =>
  sum(p.map((x, s) => (x > 0 ? x * Math.log(x / q[s]!) : 0)));

/** The scores of the maps of one class by definition. */
function scoreOf(maps: number[][]) {
  const pairs = maps.flatMap((p, i) => maps.slice(0, i).map((q) => [p, q]));
  const middle = mix(maps);
  return {
    cmi: mean(maps.map((p) => divergence(p, middle))),
    coverage: mean(maps.map((p) => Math.exp(entropy(p)) / p.length)),
    divergence: mean(pairs.map((pair) => mean(pair.map((p) => divergence(p, mix(pair)))))),
    meanMap: middle,
  };
}

test("scores match their definitions, with more and fewer classes than positions", async () => {
  for (const [h, w, numClasses] of [
    [2, 3, 2],
    [1, 2, 5],
  ] as const) {
    const [n, present] = [9, 2];
    const [labels, cams] = [labelsOf(n, present), mapsOf(n, h, w, 1)];
    const maps = (await cams.array()).map((map) => map.flat());
    const expected = [0, 1].map((y) => scoreOf(maps.filter((_, i) => i % present === y)));
    for (const form of [labels, tf.oneHot(labels, numClasses)]) {
      const report = await camClusterScore(form, cams, { numClasses });
      expect(report.perClass.length).toBe(numClasses);
      expect(report.perClass.slice(present)).toEqual(Array(numClasses - present).fill(null));
      for (const key of ["cmi", "coverage", "divergence"] as const) {
        for (const y of [0, 1]) {
          expect(report.perClass[y]![key]).toBeCloseTo(expected[y]![key], 5);
        }
        expect(report[key]).toBeCloseTo((5 * expected[0]![key] + 4 * expected[1]![key]) / 9, 5);
      }
      expect(report.perClass[0]).toMatchObject({ count: 5, pairs: 10 });
      expect(report).toMatchObject({ count: 9, pairs: 16 });
      const { meanMap } = report.perClass[0]!;
      expect([meanMap.length, meanMap[0]!.length]).toEqual([h, w]);
      for (const [s, x] of meanMap.flat().entries()) {
        expect(x).toBeCloseTo(expected[0]!.meanMap[s]!, 5);
      }
    }
  }
});

test("matches conditionalMutualInformation of the logarithms", async () => {
  const [labels, cams] = [labelsOf(8, 3), mapsOf(8, 2, 2, 2)];
  const logits = tf.log(tf.maximum(tf.reshape(cams, [8, 4]), 1e-30));
  const [expected] = await conditionalMutualInformation(labels, logits).data();
  const { cmi } = await camClusterScore(labels, cams, { numClasses: 3 });
  expect(cmi).toBeCloseTo(expected!, 4);
});

test("is nonnegative, bounded and invariant to scale and to the order of maps and positions", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 9 }),
    fc.nat(1000),
    async (n, seed) => {
      const [labels, cams] = [labelsOf(n, 2), mapsOf(n, 2, 3, seed)];
      const score = await camClusterScore(labels, cams, { numClasses: 2 });
      const turned = tf.reverse(tf.mul(cams, 1000), [0, 1, 2]);
      const other = await camClusterScore(tf.reverse(labels), turned, { numClasses: 2 });
      expect(other.cmi).toBeCloseTo(score.cmi, 5);
      expect(other.coverage).toBeCloseTo(score.coverage, 5);
      expect(other.divergence ?? -1).toBeCloseTo(score.divergence ?? -1, 5);
      expect(score.cmi).toBeGreaterThanOrEqual(0);
      expect(score.coverage).toBeGreaterThan(1 / 6 - 1e-6);
      expect(score.coverage).toBeLessThan(1 + 1e-6);
      for (const one of score.perClass) {
        if (!one?.pairs) continue;
        expect(one.divergence).toBeGreaterThanOrEqual(0);
        expect(one.divergence).toBeLessThanOrEqual(Math.LN2 + 1e-9);
        // A mixture of two maps diverges less than the mixture of all.
        expect((one.divergence! * (one.count - 1)) / one.count).toBeLessThan(one.cmi + 1e-6);
      }
    },
  );
  await fc.assert(property, { numRuns: 12 });
});

test("identical maps score 0, disjoint ones the logarithm of their number", async () => {
  const same = await camClusterScore(
    tf.zeros([5], "int32"),
    tf.tile(mapsOf(1, 3, 3, 1), [5, 1, 1]),
    {
      numClasses: 1,
    },
  );
  expect(same.cmi).toBeLessThan(1e-12);
  expect(same.divergence).toBeLessThan(1e-12);
  const points = tf.reshape(tf.cast(tf.oneHot(labelsOf(4, 4), 4), "float32"), [4, 2, 2]);
  const apart = await camClusterScore(tf.zeros([4], "int32"), points, { numClasses: 1 });
  expect(apart.cmi).toBeCloseTo(Math.log(4), 6);
  expect(apart.divergence).toBeCloseTo(Math.log(2), 6);
  expect(apart.coverage).toBeCloseTo(1 / 4, 6);
});

test("a map of zeros counts as uniform, a single map has no pairs, a single pixel scores 0", async () => {
  const zero = await camClusterScore(labelsOf(1, 1), tf.zeros([1, 2, 2]), { numClasses: 1 });
  expect(zero).toMatchObject({ divergence: null, count: 1, pairs: 0 });
  expect(zero.cmi).toBeLessThan(1e-12);
  expect(zero.coverage).toBeCloseTo(1, 6);
  expect(zero.perClass[0]!.meanMap.flat()[3]).toBeCloseTo(0.25, 6);
  const pixel = await camClusterScore(labelsOf(3, 1), tf.ones([3, 1, 1]), { numClasses: 1 });
  expect(pixel).toMatchObject({ cmi: 0, divergence: 0, coverage: 1 });
});

test("batches and merges in any order equal the whole, except for pairs across batches", async () => {
  const [labels, cams] = [labelsOf(8, 2), mapsOf(8, 2, 3, 5)];
  const whole = await camClusterScore(labels, cams, { numClasses: 2 });
  const parts = [tf.split(labels, 2), tf.split(cams, 2)] as const;
  const [a, b] = [0, 1].map(() => new CamClusterEstimator({ numClasses: 2 }));
  a!.update(parts[0][1]!, parts[1][1]!);
  b!.update(parts[0][0]!, parts[1][0]!);
  a!.merge(b!);
  b!.update(parts[0][1]!, parts[1][1]!); // after the merge, and not part of it
  const [merged, batches] = [await a!.result(), await b!.result()];
  for (const report of [merged, batches]) {
    expect(report.cmi).toBeCloseTo(whole.cmi, 6);
    expect(report.coverage).toBeCloseTo(whole.coverage, 12);
    expect(report).toMatchObject({ count: 8, pairs: 4 });
    expect(report.divergence).toBeCloseTo(merged.divergence!, 12);
  }
  const halves = await Promise.all(
    [0, 1].map((i) => camClusterScore(parts[0][i]!, parts[1][i]!, { numClasses: 2 })),
  );
  expect(merged.divergence).toBeCloseTo(mean(halves.map((half) => half.divergence!)), 12);
  expect(whole.pairs).toBe(12);
});

test("inputs may be disposed after update, no tensor is left behind, and reset and dispose discard all maps", async () => {
  const before = tf.memory().numTensors;
  const estimator = new CamClusterEstimator({ numClasses: 2 });
  tf.tidy(() => {
    estimator.update(labelsOf(6, 2), mapsOf(6, 2, 2, 1));
  });
  expect((await estimator.result()).count).toBe(6);
  expect(tf.memory().numTensors).toBe(before);
  estimator.reset();
  tf.tidy(() => {
    estimator.update(labelsOf(3, 2), mapsOf(3, 1, 5, 1));
  });
  expect((await estimator.result()).count).toBe(3);
  estimator.dispose();
  await expect(estimator.result()).rejects.toThrow("there are no maps, call update first");
  expect(tf.memory().numTensors).toBe(before);
});

test("rejects invalid input, naming expected and actual", async () => {
  expect(() => new CamClusterEstimator({ numClasses: 0 })).toThrow(
    "CamClusterEstimator: numClasses must be an integer >= 1, got 0",
  );
  const estimator = new CamClusterEstimator({ numClasses: 2 });
  const [labels, cams] = [labelsOf(3, 2), mapsOf(3, 2, 2, 1)];
  estimator.update(labels, cams);
  expect(() => estimator.update(labels, tf.ones([3, 4]))).toThrow(
    "CamClusterEstimator.update: cams must be float32 [batch,height,width], got float32 [3,4]",
  );
  expect(() => estimator.update(tf.ones([3]), cams)).toThrow(
    "CamClusterEstimator.update: labels must be int32 class indices [3] or one-hot [3,2], got float32 [3]",
  );
  expect(() => estimator.update(labels, tf.ones([3, 4, 1]))).toThrow(
    "CamClusterEstimator.update: expected maps of 2x2 as before, got 4x1",
  );
  expect(() => estimator.merge(new CamClusterEstimator({ numClasses: 3 }))).toThrow(
    "CamClusterEstimator.merge: expected 2 classes as here, got 3",
  );
  const other = new CamClusterEstimator({ numClasses: 2 });
  other.update(labels, tf.ones([3, 1, 2]));
  expect(() => estimator.merge(other)).toThrow(
    "CamClusterEstimator.merge: expected maps of 2x2 as before, got 1x2",
  );
  await expect(camClusterScore(labels, cams, { numClasses: 0.5 })).rejects.toThrow(
    "camClusterScore: numClasses must be an integer >= 1, got 0.5",
  );
  await expect(camClusterScore(labels, tf.ones([3]), { numClasses: 2 })).rejects.toThrow(
    "camClusterScore: cams must be float32 [batch,height,width], got float32 [3]",
  );
  await expect(camClusterScore(tf.ones([3, 4]), cams, { numClasses: 2 })).rejects.toThrow(
    "camClusterScore: labels must be int32 class indices [3] or one-hot [3,2], got float32 [3,4]",
  );
});

test("result() rejects for labels out of range and for negative or infinite maps", async () => {
  const bad = tf.tensor1d([0, 2, -1], "int32");
  await expect(camClusterScore(bad, mapsOf(3, 2, 2, 1), { numClasses: 2 })).rejects.toThrow(
    "CamClusterEstimator.result: labels must be one-hot or within 0 to 1, 2 are not",
  );
  const maps = tf.tensor3d([1, -0.1, 1, Number.POSITIVE_INFINITY, 1, 1], [3, 1, 2]);
  await expect(camClusterScore(labelsOf(3, 2), maps, { numClasses: 2 })).rejects.toThrow(
    "CamClusterEstimator.result: cams must be finite and at least 0, 2 maps are not",
  );
});

test("takes maps of 112x112", async () => {
  const [labels, cams] = [labelsOf(5, 2), mapsOf(5, 112, 112, 3)];
  const maps = (await cams.array()).map((map) => map.flat());
  const report = await camClusterScore(labels, cams, { numClasses: 2 });
  for (const y of [0, 1]) {
    const expected = scoreOf(maps.filter((_, i) => i % 2 === y));
    expect(report.perClass[y]!.cmi).toBeCloseTo(expected.cmi, 5);
    expect(report.perClass[y]!.divergence).toBeCloseTo(expected.divergence, 5);
    expect(report.perClass[y]!.coverage).toBeCloseTo(expected.coverage, 5);
  }
  const { meanMap } = report.perClass[0]!;
  expect([meanMap.length, meanMap[111]!.length]).toEqual([112, 112]);
});
