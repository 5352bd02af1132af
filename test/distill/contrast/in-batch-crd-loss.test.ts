import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inBatchCrdLoss } from "../../../src/index.ts";
import { expectClose, expectFinite, expectNoLeak, reference } from "../../support.ts";
import { embeddingsOf, valueAndGrads } from "./support.ts";

/** Loss and gradients in float64, from the softmax over rows and over columns. */
async function expected(teacher: tf.Tensor2D, student: tf.Tensor2D, temperature: number) {
  const [t, s] = await Promise.all([teacher.array(), student.array()]);
  const n = t.length;
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  const exp = s.map((a) => t.map((b) => Math.exp(dot(a, b) / temperature)));
  const rowSums = exp.map((row) => row.reduce((a, b) => a + b));
  const columnSums = t.map((_, j) => exp.reduce((sum, row) => sum + row[j]!, 0));
  const p = exp.map((row, i) => row.map((e, j) => e / rowSums[i]! + e / columnSums[j]!));
  const own = exp.map((row, i) => Math.log(row[i]! ** 2 / (rowSums[i]! * columnSums[i]!)));
  const slope = p.map((row, i) => row.map((x, j) => (x - (i === j ? 2 : 0)) / (n * temperature)));
  const combine = (weights: (i: number, j: number) => number, rows: number[][]) =>
    rows.map((row, i) =>
      row.map((_, d) => rows.reduce((sum, r, j) => sum + weights(i, j) * r[d]!, 0)),
    );
  return {
    value: reference(own.reduce((sum, x) => sum - x / n, 0)),
    student: reference(combine((i, j) => slope[i]![j]!, t)),
    teacher: reference(combine((i, j) => slope[j]![i]!, s)),
  };
}

test("value and gradients match the formula", async () => {
  const shape = fc.constantFrom([2, 3] as const, [5, 2] as const);
  const property = fc.asyncProperty(shape, fc.nat(1000), async ([n, dim], seed) => {
    const [teacher, student] = [embeddingsOf(n, dim, seed + 1), embeddingsOf(n, dim, seed + 2)];
    const want = await expected(teacher, student, 0.4);
    const loss = (t: tf.Tensor, s: tf.Tensor) => inBatchCrdLoss(t, s, { temperature: 0.4 });
    const got = valueAndGrads(loss, teacher, student);
    await expectClose(got.value, want.value);
    await expectClose(got.teacher, want.teacher);
    await expectClose(got.student, want.student);
  });
  await fc.assert(property, { numRuns: 10 });
});

test("the default temperature is 0.07", async () => {
  const [teacher, student] = [embeddingsOf(3, 4, 1), embeddingsOf(3, 4, 2)];
  const { value } = await expected(teacher, student, 0.07);
  await expectClose(inBatchCrdLoss(teacher, student), value);
});

test("is 2 log N for equal embeddings and 0 for a batch of 1", async () => {
  const same = tf.tile(embeddingsOf(1, 4, 1), [5, 1]);
  await expectClose(inBatchCrdLoss(same, same), reference(2 * Math.log(5)));
  const { value, teacher, student } = valueAndGrads(
    inBatchCrdLoss,
    embeddingsOf(1, 4, 1),
    embeddingsOf(1, 4, 2),
  );
  for (const x of [value, teacher, student]) {
    expect(Math.max(...(await tf.abs(x).data()))).toBe(0);
  }
});

test("zero and huge embeddings and width 1 stay finite", async () => {
  const huge = tf.mul(embeddingsOf(3, 2, 1), 1e5);
  for (const [t, s] of [
    [tf.zeros([2, 3]), tf.zeros([2, 3])],
    [huge, tf.neg(huge)],
    [tf.ones([2, 1]), tf.tensor2d([[1], [-1]])],
  ] as const) {
    const { value, teacher, student } = valueAndGrads(inBatchCrdLoss, t, s);
    await expectFinite(value, teacher, student);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [teacher, student] = [embeddingsOf(3, 4, 1), embeddingsOf(3, 4, 2)];
  expectNoLeak(() => inBatchCrdLoss(teacher, student));
  expectNoLeak(() => Object.values(valueAndGrads(inBatchCrdLoss, teacher, student)));
});

test("rejects invalid input, naming expected and actual", () => {
  const x = embeddingsOf(2, 3, 1);
  expect(() => inBatchCrdLoss(tf.ones([3]), x)).toThrow(
    "inBatchCrdLoss: teacherEmbedding must be float32 [batch,dim], got float32 [3]",
  );
  expect(() => inBatchCrdLoss(x, tf.ones([3, 3]))).toThrow(
    "inBatchCrdLoss: studentEmbedding must have the shape of teacherEmbedding [2,3], got [3,3]",
  );
  expect(() => inBatchCrdLoss(x, x, { temperature: Number.NaN })).toThrow(
    "inBatchCrdLoss: temperature must be a finite number > 0, got NaN",
  );
});
