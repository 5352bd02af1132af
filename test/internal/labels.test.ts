import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { classRows, labelIndices, labelRows, mixRows } from "../../src/internal/labels.ts";

const rows = [
  [0, 0, 1],
  [1, 0, 0],
];
const matrix = () =>
  tf.tensor2d([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
const mixed = [
  [5, 6],
  [1, 2],
];

describe.each([
  ["int32 [N]", () => tf.tensor1d([2, 0], "int32")],
  ["int32 [N, 1]", () => tf.tensor2d([[2], [0]], [2, 1], "int32")],
  ["float32 [N, 1]", () => tf.tensor2d([[2], [0]])],
  ["float32 [N, C]", () => tf.tensor2d(rows)],
  ["int32 [N, C]", () => tf.tensor2d(rows, [2, 3], "int32")],
  ["bool [N, C]", () => tf.tensor2d(rows, [2, 3], "bool")],
] as const)("labels of %s", (_, labels) => {
  test("as indices, unless they may be other distributions", async () => {
    const indices = labelIndices(labels());
    const areDistributions = labels().dtype === "float32" && labels().shape[1] === 3;
    expect(indices === undefined).toBe(areDistributions);
    if (indices) expect([indices.dtype, await indices.array()]).toEqual(["int32", [2, 0]]);
  });

  test("as rows", async () => {
    for (const x of [labelRows(labels(), 3), classRows(labels(), 3)]) {
      expect(x.dtype).toBe("float32");
      expect(await x.array()).toEqual(rows);
    }
    expect(await mixRows(matrix(), labels()).array()).toEqual(mixed);
  });
});

test("distributions stay as they are, mix rows, and have the class of their largest entry", async () => {
  const labels = tf.tensor2d([[0.25, 0.5, 0.25]]);
  expect(await labelRows(labels, 3).array()).toEqual([[0.25, 0.5, 0.25]]);
  expect(await classRows(labels, 3).array()).toEqual([[0, 1, 0]]);
  expect(await mixRows(matrix(), labels).array()).toEqual([[3, 4]]);
});
