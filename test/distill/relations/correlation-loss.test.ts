import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { correlationLoss } from "../../../src/index.ts";
import { expectFormula, featuresOf, type Rows } from "../../finite-differences.ts";
import golden from "../../golden/correlation.json";
import { expectFiniteWithGradient, valueAndGrad } from "../../support.ts";
import { testGolden, testMapsAsRows, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s) => correlationLoss(t as tf.Tensor, s as tf.Tensor));
testMapsAsRows(correlationLoss);
testNoLeakOf(correlationLoss, () => [[featuresOf(4, 3, 1), featuresOf(4, 3, 2)]]);

function formula(teacher: Rows, student: Rows): number {
  const delta = student.map((row, i) => row.map((x, d) => Math.abs(x - teacher[i]![d]!)));
  const pairs = delta.slice(1).flatMap((row, i) => row.map((x, d) => x * delta[i]![d]!));
  return pairs.reduce((a, b) => a + b) / (delta.length - 1);
}

test("matches the formula and its finite differences", { tags: "broad" }, async () => {
  const [samples, width] = [fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 4 })];
  const property = fc.asyncProperty(samples, width, fc.nat(1000), async (n, d, seed) => {
    await expectFormula(
      correlationLoss,
      formula,
      featuresOf(n, d, seed),
      featuresOf(n, d, seed + 1),
    );
  });
  await fc.assert(property, { numRuns: 8 });
});

test("is 0 with gradient 0 for the teacher's features and for a batch of 1", async () => {
  for (const [teacher, student] of [
    [featuresOf(4, 3, 1), featuresOf(4, 3, 1)],
    [tf.zeros([4, 3]), tf.zeros([4, 3])],
    [featuresOf(1, 3, 1), featuresOf(1, 3, 2)],
  ] as const) {
    const { value, grad } = valueAndGrad((x) => correlationLoss(teacher, x), student);
    expect(await value.data()).toEqual(new Float32Array([0]));
    expect(Math.max(...(await tf.abs(grad).data()))).toBe(0);
  }
});

test("equal samples, large features and one column in a batch of 2 stay finite", async () => {
  for (const [teacher, student] of [
    [featuresOf(3, 2, 1), tf.ones([3, 2])],
    [tf.mul(featuresOf(3, 2, 1), 1e6), tf.mul(featuresOf(3, 2, 2), 1e6)],
    [featuresOf(2, 1, 1), featuresOf(2, 1, 2)],
  ] as const) {
    const { value } = await expectFiniteWithGradient((x) => correlationLoss(teacher, x), student);
    expect((await value.data())[0]).toBeGreaterThan(0);
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const features = featuresOf(4, 3, 1);
  expect(() => correlationLoss(features, tf.ones([4, 2]))).toThrow(
    "correlationLoss: studentFeatures must have the shape of teacherFeatures [4,3], got [4,2]",
  );
  expect(() => correlationLoss(tf.ones([4, 3], "int32"), features)).toThrow(
    "correlationLoss: teacherFeatures must be float32 [batch,...], got int32 [4,3]",
  );
});
