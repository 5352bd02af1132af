import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pktLoss } from "../../../src/index.ts";
import { dot, expectFormula, featuresOf, type Rows } from "../../finite-differences.ts";
import golden from "../../golden/pkt.json";
import { expectOracle, float32, nums } from "../../oracles/expect-oracle.ts";
import { probabilisticTransfer } from "../../oracles/relations.ts";
import { expectFiniteWithGradient, valueAndGrad } from "../../support.ts";
import { testFeatureErrors, testGolden, testMapsAsRows, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s) => pktLoss(t as tf.Tensor, s as tf.Tensor));
testMapsAsRows(pktLoss);
testNoLeakOf(pktLoss, () => [[featuresOf(4, 3, 1), featuresOf(4, 2, 2)]]);
testFeatureErrors("pktLoss", pktLoss);

function formula(teacher: Rows, student: Rows): number {
  const [p, q] = [teacher, student].map((rows) => {
    const unit = rows.map((row) => row.map((x) => x / (Math.sqrt(dot(row, row)) + 1e-7)));
    return unit.map((a) => {
      const row = unit.map((b) => 1 + dot(a, b));
      return row.map((x) => x / row.reduce((sum, y) => sum + y));
    });
  }) as [Rows, Rows];
  const terms = p.flatMap((row, i) =>
    row.map((x, j) => x * Math.log((x + 1e-7) / (q[i]![j]! + 1e-7))),
  );
  return terms.reduce((a, b) => a + b) / p.length ** 2;
}

test("matches the formula and its finite differences, for features of different widths", {
  tags: "broad",
}, async () => {
  const width = fc.integer({ min: 2, max: 5 });
  const property = fc.asyncProperty(width, width, fc.nat(1000), async (a, b, seed) => {
    await expectFormula(pktLoss, formula, featuresOf(4, a, seed), featuresOf(4, b, seed + 1));
  });
  await fc.assert(property, { numRuns: 8 });
});

test("is 0 for the teacher's features, also rotated and with each sample scaled", async () => {
  const teacher = featuresOf(5, 2, 1);
  const rotation = tf.tensor2d([
    [0.6, 0.8],
    [-0.8, 0.6],
  ]);
  const rotated = tf.mul(tf.matMul(teacher, rotation), tf.tensor2d([[3], [1], [2], [0.5], [9]]));
  for (const student of [teacher, rotated, tf.reverse(teacher, 1)]) {
    const { value, grad } = valueAndGrad((x) => pktLoss(teacher, x), student);
    expect(Math.abs((await value.data())[0]!)).toBeLessThan(1e-6);
    expect(Math.max(...(await tf.abs(grad).data()))).toBeLessThan(1e-5);
  }
});

test("zeros, equal and opposite samples, one column, batches of 1 and 2 stay finite", async () => {
  const row = featuresOf(1, 3, 1);
  const opposite = tf.concat([row, tf.neg(row)]);
  for (const [teacher, student] of [
    [featuresOf(4, 3, 1), tf.zeros([4, 3])],
    [tf.zeros([4, 3]), featuresOf(4, 3, 1)],
    [featuresOf(3, 3, 2), tf.tile(row, [3, 1])],
    [opposite, featuresOf(2, 3, 2)],
    [featuresOf(2, 3, 2), opposite],
    [featuresOf(4, 1, 1), featuresOf(4, 1, 2)],
    [featuresOf(1, 3, 1), featuresOf(1, 2, 2)],
    [tf.mul(featuresOf(3, 3, 1), 1e6), tf.mul(featuresOf(3, 3, 2), 1e-6)],
  ] as const) {
    const { value } = await expectFiniteWithGradient((x) => pktLoss(teacher, x), student);
    expect((await value.data())[0]).toBeGreaterThan(-1e-6);
  }
});

test("a sample of zeros has no gradient", async () => {
  const student = tf.concat([tf.zeros([1, 3]), featuresOf(3, 3, 1)]);
  const { grad } = valueAndGrad((x) => pktLoss(featuresOf(4, 3, 2), x), student);
  const [first, second] = await tf.max(tf.abs(grad), 1).data();
  expect(first).toBe(0);
  expect(second).toBeGreaterThan(0);
});

test("opposite samples keep all digits of 1 + cos", async () => {
  const teacher = float32([[1, 0], [0, 1], [-1, 1]]); // biome-ignore format: one line
  const student = float32([[1, 0], [-1, 0.002], [-2, -0.01]]); // biome-ignore format: one line
  await expectOracle(
    (x) => pktLoss(tf.tensor2d(teacher), x),
    (x) => probabilisticTransfer(nums(teacher), x),
    student,
  );
});
