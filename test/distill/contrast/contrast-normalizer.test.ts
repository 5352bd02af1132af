import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { contrastNormalizer } from "../../../src/index.ts";
import { expectClose, expectFinite, expectNoLeak, reference } from "../../support.ts";
import { bankOf, embeddingsOf, int1d, int2d } from "./support.ts";

/** M · mean exp(⟨v, w⟩/T) in float64. */
async function expected(
  anchors: tf.Tensor2D,
  bank: tf.Tensor2D,
  rows: number[][],
  temperature: number,
) {
  const [v, w] = await Promise.all([anchors.array(), bank.array()]);
  const scores = rows.flatMap((row, i) =>
    row.map((k) => v[i]!.reduce((sum, x, d) => sum + x * w[k]![d]!, 0) / temperature),
  );
  const mean = scores.reduce((sum, s) => sum + Math.exp(s), 0) / scores.length;
  return reference(bank.shape[0] * mean);
}

test("is the mean score times the size, for both forms of indices and all scoring paths", async () => {
  const [teacher, student] = [embeddingsOf(2, 3, 1), embeddingsOf(2, 3, 2)];
  for (const size of [6, 40]) {
    const { normalizer: _, ...bank } = bankOf(size, 3, 3);
    const [noise, positives] = [
      [2, 2, 5],
      [4, 1],
    ];
    const rows = positives.map((row) => [row, ...noise]);
    for (const indices of [int2d(rows), { positives: int1d(positives), negatives: int1d(noise) }]) {
      const z = contrastNormalizer(teacher, student, bank, indices, { temperature: 0.2 });
      await expectClose(z.teacher, await expected(teacher, bank.student, rows, 0.2));
      await expectClose(z.student, await expected(student, bank.teacher, rows, 0.2));
    }
    const z = contrastNormalizer(teacher, student, bank, int2d(rows));
    await expectClose(z.student, await expected(student, bank.teacher, rows, 0.07));
  }
});

test("has the logarithms, also where Z is outside the range of float32", async () => {
  const x = tf.tensor2d([[1, 0]]) as tf.Tensor2D;
  const rows = tf.tensor2d([
    [1, 0],
    [0.5, 0.8],
    [-1, 0],
    [-0.5, 0.8],
  ]) as tf.Tensor2D;
  const bank = { teacher: rows, student: tf.neg(rows) as tf.Tensor2D };
  // Scores of 100 and 50 over 1/0.01, and of −50 and −100 of the student's side.
  const { teacher, student, logTeacher, logStudent } = contrastNormalizer(
    x,
    x,
    bank,
    int2d([[2, 3]]),
    { temperature: 0.01 },
  );
  await expectClose(logTeacher, reference(100 + Math.log1p(Math.exp(-50)) + Math.log(4 / 2)));
  await expectClose(logStudent, reference(-50 + Math.log1p(Math.exp(-50)) + Math.log(4 / 2)));
  await expectFinite(teacher, student);
  const even = int2d([[1, 1, 1, 1]]); // the row of the largest score is not drawn
  const { logStudent: ofDrawn } = contrastNormalizer(x, x, bank, even, { temperature: 0.001 });
  await expectClose(ofDrawn, reference(500 + Math.log(4)));
});

test("leaves no tensor behind", () => {
  const [bank, x, indices] = [bankOf(5, 3, 1), embeddingsOf(1, 3, 2), int2d([[0, 1, 2]])];
  expectNoLeak(() => {
    return Object.values(contrastNormalizer(x, x, bank, indices));
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const [bank, x, indices] = [bankOf(5, 3, 1), embeddingsOf(1, 3, 2), int2d([[0, 1, 2]])];
  expect(() => contrastNormalizer(x, tf.ones([1, 4]), bank, indices)).toThrow(
    "contrastNormalizer: studentEmbedding must have the shape of teacherEmbedding [1,3], got [1,4]",
  );
  expect(() => contrastNormalizer(tf.ones([1, 4]), tf.ones([1, 4]), bank, indices)).toThrow(
    "contrastNormalizer: teacherEmbedding must have the width of bank.teacher [5,3], got [1,4]",
  );
  expect(() => contrastNormalizer(x, x, bank, tf.zeros([1, 3]))).toThrow(
    "contrastNormalizer: contrastIndices must be int32 [1,K+1] with K >= 1 or {positives, negatives}, got float32 [1,3]",
  );
  expect(() => contrastNormalizer(x, x, bank, indices, { temperature: -1 })).toThrow(
    "contrastNormalizer: temperature must be a finite number > 0, got -1",
  );
});
