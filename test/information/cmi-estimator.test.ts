import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { CmiEstimator } from "../../src/index.ts";
import { jsonOf } from "../../src/information/cmi-json.ts";
import { type CmiSums, centroidsOf } from "../../src/information/cmi-sums.ts";
import golden from "../golden/cmi.json";
import { extremeLogits, type Golden, labelsOf, logitsOf, toTensor } from "../support.ts";

const digits = inject("backend").isFloat16 ? 2 : 6;

for (const { name, inputs, outputs } of (golden as unknown as Golden).cases) {
  test(`report of ${name}, from indices and from one-hot rows`, { tags: "float16" }, async () => {
    const logits = toTensor(inputs.logits!) as tf.Tensor2D;
    const indices = toTensor(inputs.labels!, "int32") as tf.Tensor1D;
    for (const labels of [indices, tf.oneHot(indices, logits.shape[1])]) {
      const estimator = new CmiEstimator();
      estimator.update(labels, logits);
      const report = await estimator.result();
      expect(report.cmi).toBeCloseTo(outputs.loss!.data[0]!, digits);
      expect(report.counts).toEqual(outputs.counts!.data);
      for (const [y, value] of outputs.perClass!.data.entries()) {
        expect(report.perClass[y]).toBeCloseTo(value!, digits);
      }
      for (const [k, value] of outputs.centroids!.data.entries()) {
        expect(report.centroids.flat()[k]).toBeCloseTo(value!, digits);
      }
    }
  });
}

test("cross-entropy, accuracy, separation and entropy match their definitions", async () => {
  const [labels, logits] = [labelsOf(7, 3), logitsOf(7, 3, 1)];
  const estimator = new CmiEstimator({ numClasses: 3 });
  estimator.update(labels, logits);
  const report = await estimator.result();
  const p = await tf.softmax(logits).array();
  const y = await labels.array();
  const cross = (a: number[], b: number[]) => -a.reduce((s, x, k) => s + x * Math.log(b[k]!), 0);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const pairs = p.flatMap((a, i) => p.map((b, j) => (y[i] === y[j] ? 0 : cross(a, b))));
  expect(report.meanEntropy).toBeCloseTo(mean(p.map((row) => cross(row, row))), 3);
  expect(report.crossEntropy).toBeCloseTo(mean(p.map((row, i) => -Math.log(row[y[i]!]!))), 3);
  expect(report.accuracy).toBe(
    mean(p.map((row, i) => (row.indexOf(Math.max(...row)) === y[i] ? 1 : 0))),
  );
  expect(report.separation).toBeCloseTo(mean(pairs), 3);
  expect(report.normalizedCmi).toBeCloseTo(report.cmi / mean(pairs), 3);
});

test("merging parts in any order equals the whole, also through JSON", {
  tags: "broad",
}, async () => {
  const size = fc.integer({ min: 1, max: 12 });
  const property = fc.asyncProperty(size, size, fc.nat(1000), async (n, m, seed) => {
    const c = 3;
    const [y1, z1] = [labelsOf(n, c), logitsOf(n, c, seed)];
    const [y2, z2] = [labelsOf(m, c), logitsOf(m, c, seed + 1)];
    const whole = new CmiEstimator();
    whole.update(tf.concat([y2, y1]), tf.concat([z2, z1]));
    const [a, b] = [new CmiEstimator(), new CmiEstimator()];
    a.update(y1, z1);
    b.update(y2, z2);
    a.merge(b);
    b.update(y1, z1); // after the merge, and not part of it
    const merged = await a.result();
    const expected = await whole.result();
    expect(merged.cmi).toBeCloseTo(expected.cmi, 12);
    expect(merged.separation).toBeCloseTo(expected.separation, 12);
    expect(merged.counts).toEqual(expected.counts);
    expect(merged.accuracy).toBe(expected.accuracy);
    expect(merged.crossEntropy).toBeCloseTo(expected.crossEntropy, 12);
    const copy = CmiEstimator.fromJSON(JSON.parse(JSON.stringify(a)));
    expect(await copy.result()).toEqual(merged);
  });
  await fc.assert(property, { numRuns: 10 });
});

test("estimates a CMI of 1e-6 nats over a million samples within 1 %", async () => {
  // p = 1/2 ± δ in equal numbers: the CMI is log 2 − H(1/2 + δ) ≈ 2 δ².
  const rows = 10_000;
  const logit = Math.fround(2 * Math.SQRT2 * 1e-3);
  const delta = 1 / (1 + Math.exp(-logit)) - 0.5;
  const expected = [0.5 + delta, 0.5 - delta].reduce((h, p) => h + p * Math.log(2 * p), 0);
  expect(expected).toBeCloseTo(1e-6, 8);
  const values = Float32Array.from({ length: 2 * rows }, (_, k) => {
    if (k % 2 === 0) return 0;
    return k % 4 === 1 ? logit : -logit;
  });
  const labels = tf.tensor1d(new Int32Array(rows), "int32");
  const logits = tf.tensor2d(values, [rows, 2]);
  const estimator = new CmiEstimator();
  for (let batch = 0; batch < 100; batch++) await estimator.update(labels, logits);
  const { cmi, counts } = await estimator.result();
  expect(counts).toEqual([1_000_000, 0]);
  expect(Math.abs(cmi / expected - 1)).toBeLessThan(0.01);
});

test("supports extreme logits, an absent class, one class and a batch of 1", async () => {
  const estimator = new CmiEstimator();
  estimator.update(tf.tensor1d([2, 2, 0], "int32"), extremeLogits());
  const report = await estimator.result();
  expect(Number.isFinite(report.cmi) && Number.isFinite(report.separation)).toBe(true);
  expect(report.perClass[1]).toBe(null);
  expect(report.centroids[1]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  const single = new CmiEstimator();
  single.update(tf.tensor1d([0], "int32"), tf.tensor2d([[7]]));
  expect(await single.result()).toMatchObject({ cmi: 0, normalizedCmi: null, accuracy: 1 });
});

test("inputs may be disposed after update, and no tensor is left behind", async () => {
  const before = tf.memory().numTensors;
  const estimator = new CmiEstimator();
  tf.tidy(() => {
    estimator.update(labelsOf(6, 3), tf.mul(logitsOf(6, 3, 1), 2));
  });
  expect((await estimator.result()).counts).toEqual([2, 2, 2]);
  expect(tf.memory().numTensors).toBe(before);
});

test("reset and dispose discard all samples", async () => {
  const estimator = new CmiEstimator();
  estimator.update(labelsOf(6, 3), logitsOf(6, 3, 1));
  estimator.reset();
  estimator.update(labelsOf(3, 3), logitsOf(3, 3, 1));
  expect((await estimator.result()).counts).toEqual([1, 1, 1]);
  estimator.dispose();
  await expect(estimator.result()).rejects.toThrow("there are no samples");
});

test("rejects invalid input, naming expected and actual", async () => {
  expect(() => new CmiEstimator({ numClasses: 0 })).toThrow(
    "CmiEstimator: numClasses must be an integer >= 1, got 0",
  );
  const estimator = new CmiEstimator({ numClasses: 3 });
  expect(() => estimator.update(labelsOf(4, 2), logitsOf(4, 2, 1))).toThrow(
    "CmiEstimator.update: expected 3 classes as before, got 2",
  );
  expect(() => estimator.update(labelsOf(4, 3), tf.ones([4]))).toThrow("update: logits must be");
  expect(() => estimator.update(tf.ones([4]), tf.ones([4, 3]))).toThrow("update: labels must be");
  expect(() => estimator.merge(new CmiEstimator({ numClasses: 2 }))).toThrow(
    "CmiEstimator.merge: expected 3 classes as before, got 2",
  );
  expect(() => new CmiEstimator().toJSON()).toThrow("CmiEstimator.toJSON: call update first");
  expect(() => CmiEstimator.fromJSON({} as never)).toThrow("CmiEstimator: numClasses must be");
  expect(() => CmiEstimator.fromJSON({ ...estimator.toJSON(), counts: [1] })).toThrow(
    "CmiEstimator.fromJSON: counts is missing or not as toJSON writes it",
  );
});

test("result() rejects for labels out of range and non-finite logits", async () => {
  const labels = new CmiEstimator();
  labels.update(tf.tensor1d([0, 3, -1], "int32"), logitsOf(3, 3, 1));
  await expect(labels.result()).rejects.toThrow(
    "CmiEstimator.result: labels must be one-hot or within 0 to 2, 2 are not",
  );
  const logits = new CmiEstimator();
  logits.update(
    tf.tensor1d([0, 1], "int32"),
    tf.tensor2d([
      [Number.NaN, 0],
      [0, 1],
    ]),
  );
  await expect(logits.result()).rejects.toThrow(
    "CmiEstimator.result: logits must be finite, 1 rows are not",
  );
});

test("toJSON throws while a GPU is being read", async () => {
  const estimator = new CmiEstimator();
  const counted = estimator.update(labelsOf(3, 3), logitsOf(3, 3, 1));
  if (["cpu", "wasm"].includes(inject("backend").backend)) {
    expect(estimator.toJSON().counts).toEqual([1, 1, 1]);
  } else {
    expect(() => estimator.toJSON()).toThrow("CmiEstimator.toJSON: 1 batches are being read");
    await counted;
    expect(estimator.toJSON().counts).toEqual([1, 1, 1]);
  }
});

test("counts labels [N, 1] as indices", async () => {
  const [labels, logits] = [labelsOf(6, 3), logitsOf(6, 3, 1)];
  const [a, b] = [new CmiEstimator(), new CmiEstimator()];
  a.update(labels, logits);
  b.update(tf.reshape(labels, [6, 1]), logits);
  expect(await b.result()).toEqual(await a.result());
});

test("takes 21,841 classes, of which few have samples", async () => {
  const [n, c] = [6, 21841];
  const logits = logitsOf(n, c, 1);
  const labels = tf.tensor1d([3, 3, 21840, 21840, 21840, 7], "int32");
  const estimator = new CmiEstimator();
  estimator.update(labels, logits);
  const report = await estimator.result();

  const rows = await logits.array();
  const p = rows.map((row) => {
    const logSum = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
    return row.map((z) => Math.exp(z - logSum));
  });
  const entropy = (q: number[]) => -q.reduce((h, x) => h + x * Math.log(x), 0);
  const mean = (own: number[][]) =>
    own[0]!.map((_, k) => own.reduce((s, q) => s + q[k]!, 0) / own.length);
  const members = [[0, 1], [2, 3, 4], [5]].map((own) => own.map((i) => p[i]!));
  const cmi = members
    .map((own) => own.length * entropy(mean(own)) - own.reduce((h, q) => h + entropy(q), 0))
    .reduce((a, b) => a + b / n, 0);
  expect(report.cmi).toBeCloseTo(cmi, 9);
  expect(report.counts.filter((count) => count > 0)).toEqual([2, 1, 3]);
  expect(report.perClass[21840]).toBeGreaterThan(0);
  expect(report.centroids.length).toBe(c);
  expect(report.centroids[4]![5]).toBe(1 / c);
  expect(report.centroids[21840]![9]).toBeCloseTo(mean(members[1]!)[9]!, 12);

  const json = estimator.toJSON();
  expect(json.probabilities.length).toBe(3 * c);
  expect(await CmiEstimator.fromJSON(json).result({ centroids: false })).toEqual(
    await estimator.result({ centroids: false }),
  );
  expect(await estimator.result({ centroids: false })).not.toHaveProperty("centroids");
});

test("fromJSON also reads a row for every class", async () => {
  const estimator = new CmiEstimator({ numClasses: 3 });
  await estimator.update(tf.tensor1d([2, 0, 2], "int32"), logitsOf(3, 3, 1));
  const json = estimator.toJSON();
  const allRows = (rows: number[]) => [...rows.slice(0, 3), 0, 0, 0, ...rows.slice(3)];
  const other = CmiEstimator.fromJSON({
    ...json,
    probabilities: allRows(json.probabilities),
    logProbabilities: allRows(json.logProbabilities),
  });
  expect(await other.result()).toEqual(await estimator.result());
  expect(other.toJSON()).toEqual(json);
  expect(() => CmiEstimator.fromJSON({ ...json, counts: [1, 1, 1] })).toThrow(
    "CmiEstimator.fromJSON: probabilities is missing or not as toJSON writes it",
  );
});

test("refuses to write more numbers than arrays and strings can hold", () => {
  const own = { count: 1, p: new Float64Array(), logP: new Float64Array(), entropy: 0 };
  const sums: CmiSums = {
    numClasses: 21841,
    classes: new Map(Array.from({ length: 21841 }, (_, y) => [y, own])),
    crossEntropy: 0,
    correct: 0,
    badLabels: 0,
    badLogits: 0,
  };
  expect(() => jsonOf(sums)).toThrow(
    "CmiEstimator.toJSON: 2x477029281 numbers are too many for JSON; merge the estimators in one process",
  );
  expect(() => centroidsOf(sums)).toThrow(
    "CmiEstimator.result: 21841x21841 centroids are too many; use result({ centroids: false })",
  );
});

test("a whole weight counts a sample so often, and those of samples hold for their positions", async () => {
  const [labels, logits] = [labelsOf(4, 2), logitsOf(4, 2, 1)];
  const [weighted, repeated] = [new CmiEstimator(), new CmiEstimator()];
  await weighted.update(labels, logits, { weights: tf.tensor1d([2, 0, 1, 3]) });
  const times = tf.tensor1d([0, 0, 2, 3, 3, 3], "int32");
  await repeated.update(tf.gather(labels, times), tf.gather(logits, times));
  const [a, b] = [await weighted.result(), await repeated.result()];
  expect(a.counts).toEqual([3, 3]);
  for (const key of ["cmi", "separation", "crossEntropy", "accuracy", "meanEntropy"] as const) {
    expect(a[key]).toBeCloseTo(b[key], 12);
  }

  const positions = [tf.reshape(labels, [2, 2]), tf.reshape(logits, [2, 2, 2])] as const;
  const [bySample, byPosition] = [new CmiEstimator(), new CmiEstimator()];
  await bySample.update(...positions, { weights: tf.tensor1d([0.5, 3]) });
  const rows = tf.tensor2d([
    [0.5, 0.5],
    [3, 3],
  ]);
  await byPosition.update(...positions, { weights: rows });
  expect(await bySample.result()).toEqual(await byPosition.result());
  expect((await bySample.result()).counts).toEqual([3.5, 3.5]);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
  "a weight of %d is an error",
  async (weight) => {
    const estimator = new CmiEstimator();
    const update = async () => {
      await estimator.update(labelsOf(2, 2), logitsOf(2, 2, 1), {
        weights: tf.tensor1d([1, weight]),
      });
      await estimator.result();
    };
    await expect(update()).rejects.toThrow(
      new Error(`CmiEstimator.update: weights must be finite numbers >= 0, got ${weight}`),
    );
  },
);

test("rows of weight 0 do not count, whatever they hold", async () => {
  const estimator = new CmiEstimator();
  const logits = tf.tensor2d([
    [Number.NaN, 0],
    [1, 0],
    [1, 0],
  ]);
  const weights = tf.tensor1d([0, 1, 0]);
  await estimator.update(tf.tensor1d([0, 1, 7], "int32"), logits, { weights });
  expect((await estimator.result()).counts).toEqual([0, 1]);
});

test("merging adds rows that were skipped", async () => {
  const [a, b] = [new CmiEstimator(), new CmiEstimator()];
  await a.update(tf.tensor1d([0, 5], "int32"), logitsOf(2, 2, 1));
  await b.update(tf.tensor1d([7, 8], "int32"), logitsOf(2, 2, 1));
  await a.merge(b);
  await expect(a.result()).rejects.toThrow("3 are not");
  const logits = new CmiEstimator();
  const other = new CmiEstimator();
  const infinite = tf.tensor2d([[Number.POSITIVE_INFINITY, 0]]);
  await logits.update(tf.tensor1d([0], "int32"), infinite);
  await other.update(tf.tensor1d([0], "int32"), infinite);
  await logits.merge(other);
  await expect(logits.result()).rejects.toThrow("logits must be finite, 2 rows are not");
  await logits.merge(new CmiEstimator()); // which has no classes yet
});

test("an estimator of no samples, known classes or not, has no result", async () => {
  for (const estimator of [new CmiEstimator(), new CmiEstimator({ numClasses: 2 })]) {
    await expect(estimator.result()).rejects.toThrow(
      new Error("CmiEstimator.result: there are no samples, call update first"),
    );
    estimator.reset();
  }
});

test("fromJSON continues a weighted estimate, and names what is malformed", async () => {
  const estimator = new CmiEstimator();
  await estimator.update(labelsOf(4, 2), logitsOf(4, 2, 1), {
    weights: tf.tensor1d([0.5, 0.25, 2, 1]),
  });
  const json = JSON.parse(JSON.stringify(estimator));
  expect(await CmiEstimator.fromJSON(json).result()).toEqual(await estimator.result());
  const { length } = json.probabilities;
  const malformed: [string, unknown][] = [
    ["counts", [1, -1]],
    ["counts", [1, null]],
    ["counts", "ab"],
    ["entropies", [1]],
    ["entropies", [1, "2"]],
    ["probabilities", Array(length).fill(null)],
    ["logProbabilities", Array(length - 1).fill(0)],
    ["crossEntropy", null],
    ["correct", "1"],
    ["badLabels", undefined],
    ["badLogits", Number.NaN],
  ];
  for (const [key, value] of malformed) {
    expect(() => CmiEstimator.fromJSON({ ...json, [key]: value })).toThrow(
      new Error(`CmiEstimator.fromJSON: ${key} is missing or not as toJSON writes it`),
    );
  }
  for (const value of [null, undefined]) {
    expect(() => CmiEstimator.fromJSON(value as never)).toThrow(
      "CmiEstimator: numClasses must be an integer >= 1, got NaN",
    );
  }
});
