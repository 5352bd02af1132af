import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { rkdLoss } from "../../../src/index.ts";
import { dot, expectFormula, featuresOf, type Rows } from "../../finite-differences.ts";
import golden from "../../golden/rkd.json";
import { expectOracle, nums } from "../../oracles/expect-oracle.ts";
import { relational } from "../../oracles/relations.ts";
import {
  expectClose,
  expectFinite,
  expectFiniteWithGradient,
  reference,
  valueAndGrad,
} from "../../support.ts";
import { testFeatureErrors, testGolden, testMapsAsRows, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s) => rkdLoss(t as tf.Tensor, s as tf.Tensor));
testMapsAsRows(rkdLoss);
testNoLeakOf(rkdLoss, () => [4, 81].map((n) => [featuresOf(n, 3, 1), featuresOf(n, 2, 2)]));
testFeatureErrors("rkdLoss", rkdLoss);

const smoothL1 = (x: number) => (Math.abs(x) < 1 ? x ** 2 / 2 : Math.abs(x) - 0.5);
const sum = (xs: number[]) => xs.reduce((a, b) => a + b, 0);

function formula(distanceWeight: number, angleWeight: number) {
  const geometry = (rows: Rows) => {
    const d = rows.map((a, i) =>
      rows.map((b, j) => (i === j ? 0 : Math.max(Math.hypot(...a.map((x, c) => x - b[c]!)), 1e-6))),
    );
    const mean = sum(d.flat()) / (rows.length * (rows.length - 1));
    const unit = rows.map((a) =>
      rows.map((b) => {
        const v = b.map((x, c) => x - a[c]!);
        const length = Math.max(Math.hypot(...v), 1e-12);
        return v.map((x) => x / length);
      }),
    );
    return { relative: d.flat().map((x) => x / mean), unit };
  };
  return (teacher: Rows, student: Rows) => {
    const n = student.length;
    const [t, s] = [geometry(teacher), geometry(student)];
    const distances = sum(s.relative.map((x, i) => smoothL1(x - t.relative[i]!))) / n ** 2;
    let angles = 0;
    for (let k = 0; k < n; k++) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const cosine = dot(s.unit[k]![i]!, s.unit[k]![j]!);
          angles += smoothL1(cosine - dot(t.unit[k]![i]!, t.unit[k]![j]!)) / n ** 3;
        }
      }
    }
    return distanceWeight * distances + angleWeight * angles;
  };
}

test("matches the formula and its finite differences, for any weights and widths", {
  tags: "broad",
}, async () => {
  const [weight, width] = [fc.integer({ min: 0, max: 50 }), fc.integer({ min: 2, max: 4 })];
  const property = fc.asyncProperty(weight, weight, width, fc.nat(1000), async (d, a, c, seed) => {
    const weights = { distanceWeight: d, angleWeight: a };
    const loss = (t: tf.Tensor, s: tf.Tensor) => rkdLoss(t, s, weights);
    await expectFormula(loss, formula(d, a), featuresOf(4, c, seed), featuresOf(4, 3, seed + 1));
  });
  await fc.assert(property, { numRuns: 6 });
});

test("a batch processed in chunks matches the formula and its slope", {
  tags: "broad",
}, async () => {
  const n = 81; // two pieces, with padding
  const [teacher, student] = [featuresOf(n, 3, 1), featuresOf(n, 3, 2)];
  const { value, grad } = valueAndGrad((x) => rkdLoss(teacher, x), student);
  const [t, s, way] = [await teacher.array(), await student.array(), await grad.array()];
  const f = formula(25, 50);
  await expectClose(value, reference(f(t, s)));
  const moved = (by: number) =>
    s.map((row, i) => row.map((x, j) => x + by * (way as Rows)[i]![j]!));
  const slope = (f(t, moved(1e-5)) - f(t, moved(-1e-5))) / 2e-5;
  await expectClose(tf.sum(tf.square(grad)), reference(slope));
});

/** Compares value and gradient with those of the formula in float64. */
const expectRelations = (t: Rows, s: Rows, tolerance: number) =>
  expectOracle(
    (x) => rkdLoss(tf.tensor2d(t), x),
    (x) => relational(nums(t), x, { distanceWeight: 25, angleWeight: 50 }),
    s,
    tolerance,
  );

/** Four clusters of four samples, whose spread is a share of the distances between clusters. */
function clustered(share: number): Rows {
  const centres = featuresOf(4, 8, 3).arraySync();
  const offsets = featuresOf(16, 8, 4).arraySync();
  return offsets.map((row, i) => row.map((x, c) => Math.fround(centres[i % 4]![c]! + share * x)));
}

test.each([0.03, 0.003, 0.001, 1e-4, 1e-6])(
  "clusters of relative size %d keep all digits in value and gradient",
  async (share) => {
    const other = featuresOf(16, 3, 1).arraySync();
    const near = clustered(share);
    for (const [t, s] of [
      [other, near],
      [near, other],
    ] as const) {
      await expectRelations(t, s, inject("backend").tolerance / 10);
    }
  },
);

test("a sample near another counts as different", async () => {
  const teacher = tf.tensor2d([0, 0, 1, 0, 0, 1, 2, 1], [4, 2]);
  const student = tf.tensor2d([0, 0, 9e-4, 0, 0, 1, 2, 1], [4, 2]);
  const [t, s] = [await teacher.array(), await student.array()];
  expect(formula(25, 50)(t, s)).toBeCloseTo(2.511, 3);
  await expectRelations(t, s, inject("backend").tolerance / 10);
});

test("features of the size 1e-20 have the gradient of the formula", async () => {
  const t = featuresOf(4, 3, 1).arraySync();
  const s = featuresOf(4, 3, 2)
    .arraySync()
    .map((row) => row.map((x) => Math.fround(x * 1e-20)));
  await expectRelations(t, s, inject("backend").tolerance);
});

test("equal samples have distance 1e-6 and cosine 0, and no gradient between them", async () => {
  const teacher = featuresOf(4, 3, 1);
  const some = featuresOf(3, 3, 2);
  const student = tf.concat([some, tf.slice(some, 1, 1)]);
  const { value, grad } = valueAndGrad((x) => rkdLoss(teacher, x), student);
  const [t, s] = [await teacher.array(), (await student.array()) as Rows];
  await expectClose(value, reference(formula(25, 50)(t, s)));
  await expectFinite(grad);
  expect(Math.max(...(await tf.abs(grad).data()))).toBeLessThan(20);
});

test("is 0 for the teacher's features, also rotated, translated and scaled", async () => {
  const teacher = featuresOf(5, 2, 1);
  const rotation = tf.tensor2d([
    [0.6, 0.8],
    [-0.8, 0.6],
  ]);
  const moved = tf.add(tf.mul(tf.matMul(teacher, rotation), 3), 10);
  for (const student of [teacher, moved, tf.reverse(teacher, 1)]) {
    const { value, grad } = valueAndGrad((x) => rkdLoss(teacher, x), student);
    expect((await value.data())[0]).toBeLessThan(1e-6);
    expect(Math.max(...(await tf.abs(grad).data()))).toBeLessThan(1e-4);
  }
});

test("a common offset does not reduce precision", async () => {
  const [teacher, student] = [featuresOf(5, 3, 1), featuresOf(5, 3, 2)];
  const [expected, got] = [rkdLoss(teacher, student), rkdLoss(teacher, tf.add(student, 1000))];
  await expectClose(got, { shape: [], data: [...(await expected.data())] }, 1e-3);
});

test("zeros, equal samples, one column, batches of 1 and 2 stay finite", async () => {
  const row = featuresOf(1, 3, 1);
  for (const [teacher, student] of [
    [featuresOf(4, 3, 1), tf.zeros([4, 3])],
    [tf.zeros([4, 3]), featuresOf(4, 3, 1)],
    [featuresOf(3, 3, 2), tf.tile(row, [3, 1])],
    [tf.zeros([2, 1, 1, 1]), tf.zeros([2, 1, 1, 1])],
    [featuresOf(4, 1, 1), featuresOf(4, 1, 2)],
    [featuresOf(1, 3, 1), featuresOf(1, 2, 2)],
    [featuresOf(2, 3, 1), featuresOf(2, 2, 2)],
    [tf.mul(featuresOf(3, 3, 1), 1e6), tf.mul(featuresOf(3, 3, 2), 1e-5)],
  ] as const) {
    const { value } = await expectFiniteWithGradient((x) => rkdLoss(teacher, x), student);
    expect((await value.data())[0]).toBeGreaterThanOrEqual(0);
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const features = featuresOf(4, 3, 1);
  expect(() => rkdLoss(features, features, { distanceWeight: -1 })).toThrow(
    "rkdLoss: distanceWeight must be a finite number >= 0, got -1",
  );
  expect(() => rkdLoss(features, features, { angleWeight: Number.NaN })).toThrow(
    "rkdLoss: angleWeight must be a finite number >= 0, got NaN",
  );
});
