import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { similarityLoss } from "../../../src/index.ts";
import { dot, expectFormula, featuresOf, type Rows } from "../../finite-differences.ts";
import golden from "../../golden/similarity.json";
import { expectClose, expectFiniteWithGradient, valueAndGrad } from "../../support.ts";
import { testFeatureErrors, testGolden, testMapsAsRows, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s) => similarityLoss(t as tf.Tensor, s as tf.Tensor));
testMapsAsRows(similarityLoss);
testNoLeakOf(similarityLoss, () => [[featuresOf(4, 3, 1), featuresOf(4, 16400, 2)]]);
testFeatureErrors("similarityLoss", similarityLoss);

function formula(teacher: Rows, student: Rows): number {
  const [t, s] = [teacher, student].map((rows) =>
    rows.map((a) => {
      const row = rows.map((b) => dot(a, b));
      return row.map((x) => x / Math.sqrt(dot(row, row)));
    }),
  ) as [Rows, Rows];
  const squares = t.flatMap((row, i) => row.map((x, j) => (x - s[i]![j]!) ** 2));
  return squares.reduce((a, b) => a + b) / t.length ** 2;
}

test("matches the formula and its finite differences, for features of different widths", {
  tags: "broad",
}, async () => {
  const width = fc.integer({ min: 1, max: 5 });
  const property = fc.asyncProperty(width, width, fc.nat(1000), async (a, b, seed) => {
    await expectFormula(
      similarityLoss,
      formula,
      featuresOf(4, a, seed),
      featuresOf(4, b, seed + 1),
    );
  });
  await fc.assert(property, { numRuns: 8 });
});

test("wide features, which wasm multiplies in chunks, equal the sum of their parts", {
  tags: "broad",
}, async () => {
  const [n, d] = [18, 16400];
  const few = featuresOf(n, 5, 1);
  const wide = tf.concat([few, tf.zeros([n, d - 7]), tf.slice(few, [0, 0], [n, 2])], 1);
  const narrow = tf.concat([few, tf.slice(few, [0, 0], [n, 2])], 1);
  const teacher = featuresOf(n, 3, 2);
  const got = valueAndGrad((x) => similarityLoss(teacher, x), wide);
  const expected = valueAndGrad((x) => similarityLoss(teacher, x), narrow);
  await expectClose(got.value, { shape: [], data: [...(await expected.value.data())] });
  const ends = tf.concat([tf.slice(got.grad, [0, 0], [n, 5]), tf.slice(got.grad, [0, d - 2])], 1);
  await expectClose(ends, { shape: [n, 7], data: [...(await expected.grad.data())] });
});

test("sums over a list of layers, for any upstream gradient", async () => {
  const teachers = [featuresOf(4, 3, 1), tf.randomNormal([4, 2, 2, 3], 0, 1, "float32", 2)];
  const students = [featuresOf(4, 2, 3), tf.randomNormal([4, 3, 1, 2], 0, 1, "float32", 4)];
  const twice = tf.scalar(2);
  const { value, grads } = tf
    .engine()
    .gradients(() => similarityLoss(teachers, students), students, twice, true);
  const parts = students.map((x, i) =>
    valueAndGrad((x) => similarityLoss(teachers[i]!, x), x, twice),
  );
  const total = (await parts[0]!.value.data())[0]! + (await parts[1]!.value.data())[0]!;
  await expectClose(value, { shape: [], data: [total] });
  for (const [i, { grad }] of parts.entries()) {
    await expectClose(grads[i]!, { shape: grad.shape, data: [...(await grad.data())] });
  }
});

test("is 0 for the teacher's features, also rotated, scaled or with columns swapped", async () => {
  const teacher = featuresOf(5, 2, 1);
  const rotation = tf.tensor2d([
    [0.6, 0.8],
    [-0.8, 0.6],
  ]);
  const rotated = tf.mul(tf.matMul(teacher, rotation), 3);
  for (const student of [teacher, rotated, tf.reverse(teacher, 1)]) {
    const { value, grad } = valueAndGrad((x) => similarityLoss(teacher, x), student);
    expect((await value.data())[0]).toBeLessThan(1e-6);
    expect(Math.max(...(await tf.abs(grad).data()))).toBeLessThan(1e-4);
  }
});

test("zeros, equal samples, one column and batches of 1 and 2 stay finite", async () => {
  const row = featuresOf(1, 3, 1);
  for (const [teacher, student] of [
    [featuresOf(4, 3, 1), tf.zeros([4, 3])],
    [tf.zeros([4, 3]), featuresOf(4, 3, 1)],
    [featuresOf(3, 3, 1), tf.tile(row, [3, 1])],
    [featuresOf(4, 1, 1), featuresOf(4, 1, 2)],
    [featuresOf(1, 3, 1), featuresOf(1, 2, 2)],
    [featuresOf(2, 3, 1), featuresOf(2, 2, 2)],
    [tf.mul(featuresOf(3, 3, 1), 1e4), tf.mul(featuresOf(3, 3, 2), 1e4)],
    [tf.zeros([2, 1, 1, 1]), tf.zeros([2, 1, 1, 1])],
  ] as const) {
    const { value, grad } = await expectFiniteWithGradient(
      (x) => similarityLoss(teacher, x),
      student,
    );
    expect((await value.data())[0]).toBeGreaterThanOrEqual(0);
    expect((await value.data())[0]).toBeLessThanOrEqual(4 / teacher.shape[0]);
    expect(Math.max(...(await tf.abs(grad).data()))).toBeLessThan(10);
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const features = featuresOf(4, 3, 1);
  expect(() => similarityLoss([features], [tf.ones([4, 2], "int32")])).toThrow(
    "similarityLoss: studentFeatures[0] must be float32 [batch,...], got int32 [4,2]",
  );
  expect(() => similarityLoss([features, features], [features])).toThrow(
    "similarityLoss: teacherFeatures and studentFeatures must be two tensors or two lists of the same length, at least 1, got a list of 2 and a list of 1",
  );
});
