import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { classIndices } from "../../src/ops/class-indices.ts";
import { oneHot } from "../../src/ops/one-hot.ts";

const rows = [
  [0, 0, 1],
  [1, 0, 0],
];

test("oneHot of indices is float32; an index that names no class gives a row of zeros", async () => {
  const hot = oneHot(tf.tensor1d([2, 0, 3], "int32"), 3);
  expect(hot.dtype).toBe("float32");
  expect(await hot.array()).toEqual([...rows, [0, 0, 0]]);
});

test("oneHot of a single class", async () => {
  expect(await oneHot(tf.tensor1d([0, 1], "int32"), 1).array()).toEqual([[1], [0]]);
});

test.each(["float32", "int32", "bool"] as const)("labels as one-hot rows of %s", async (dtype) => {
  const labels = tf.tensor2d(rows, [2, 3], dtype);
  const [hot, indices] = [oneHot(labels, 3), classIndices(labels)];
  expect([hot.dtype, indices.dtype]).toEqual(["float32", "int32"]);
  expect(await hot.array()).toEqual(rows);
  expect(await indices.array()).toEqual([2, 0]);
});

test("classIndices of indices are these", async () => {
  expect(await classIndices(tf.tensor1d([4, 1], "int32")).array()).toEqual([4, 1]);
});
