import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  countedRows,
  flatLabels,
  flatRows,
  rowShape,
  rowWeights,
  unflattened,
} from "../../src/internal/rows.ts";

const counting = (shape: number[]) => tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape);

test("flatRows keeps the last dimension, and a matrix as it is", async () => {
  const x = counting([2, 2, 3]);
  const rows = flatRows(x);
  expect(rows.shape).toEqual([4, 3]);
  expect(await rows.data()).toEqual(await x.data());
  const matrix = counting([2, 3]);
  expect(flatRows(matrix)).toBe(matrix);
  expect(flatRows(tf.scalar(1)).shape).toEqual([1, 1]);
});

test("unflattened gives rows the shape of a tensor, and a matrix as it is", () => {
  const rows = counting([4, 3]) as tf.Tensor2D;
  expect(unflattened(rows, [2, 2, 3]).shape).toEqual([2, 2, 3]);
  expect(unflattened(rows, [4, 3])).toBe(rows);
});

test("rowShape lacks the last dimension", () => {
  expect([counting([2, 5, 3]), counting([2, 3])].map(rowShape)).toEqual([[2, 5], [2]]);
});

test.each([
  ["rows", [2, 2], [0, 1, 2, 3]],
  ["samples", [2], [0, 0, 1, 1]],
])("rowWeights of %s", async (_, shape, expected) => {
  const column = rowWeights(counting(shape), counting([2, 2, 3]));
  expect(column.shape).toEqual([4, 1]);
  expect([...(await column.data())]).toEqual(expected);
});

test.each([
  ["int32", [2, 2]],
  ["int32", [2, 2, 1]],
  ["float32", [2, 2, 1]],
] as const)("flatLabels of %s indices %j", async (dtype, shape) => {
  const logits = counting([2, 2, 3]);
  const labels = tf.tensor([2, 1, 9, 0], [...shape], dtype);
  expect([...(await flatLabels(labels, logits).data())]).toEqual([2, 1, 9, 0]);
  const weighted = flatLabels(
    labels,
    logits,
    tf.tensor2d([
      [1, 1],
      [0, -2],
    ]),
  );
  expect([weighted.shape, weighted.dtype]).toEqual([[4], "int32"]);
  expect([...(await weighted.data())]).toEqual([2, 1, 0, 0]);
});

test("flatLabels of rows, with weights or without", async () => {
  const logits = counting([2, 2, 3]);
  for (const weights of [undefined, tf.zeros([2])]) {
    const rows = flatLabels(tf.ones([2, 2, 3]), logits, weights);
    expect(rows.shape).toEqual([4, 3]);
    expect([...(await rows.data())]).toEqual(Array(12).fill(1));
  }
});

test("flatLabels of positions of one logit are indices", () => {
  const labels = tf.zeros([2, 2, 1], "int32");
  expect(flatLabels(labels, tf.zeros([2, 2, 1])).shape).toEqual([4]);
});

test("flatLabels of indices of a matrix of logits are the same tensor", () => {
  const labels = tf.tensor1d([0, 1], "int32");
  expect(flatLabels(labels, counting([2, 3]))).toBe(labels);
  const column = tf.tensor2d([[0], [0]], [2, 1], "int32");
  expect(flatLabels(column, counting([2, 1]))).toBe(column); // one logit: indices, not rows
});

test("countedRows clears the rows of weight 0, whatever they hold", async () => {
  const rows = tf.tensor2d([
    [1, 2],
    [Number.NaN, 3],
  ]);
  expect(countedRows(rows, undefined)).toBe(rows);
  expect(await countedRows(rows, tf.tensor2d([[-1], [0]])).array()).toEqual([
    [1, 2],
    [0, 0],
  ]);
});
