import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { addToRows } from "../../src/ops/add-to-rows.ts";
import { countRows } from "../../src/ops/count-rows.ts";
import { gatherRows } from "../../src/ops/gather-rows.ts";
import { sliceRows } from "../../src/ops/slice-rows.ts";

const int1d = (values: number[]) => tf.tensor1d(values, "int32");

/** A matrix whose entries count from 0. */
const counting = (rows: number, columns: number): tf.Tensor2D =>
  tf.reshape(tf.range(0, rows * columns, 1, "float32"), [rows, columns]);

test("gatherRows takes rows in the given order, also repeatedly", async () => {
  const rows = gatherRows(counting(4, 2), int1d([3, 0, 3]));
  expect(await rows.array()).toEqual([
    [6, 7],
    [0, 1],
    [6, 7],
  ]);
});

test("sliceRows takes entries of any rank and dtype", async () => {
  const maps = tf.reshape(counting(5, 6), [5, 1, 3, 2]);
  const part = sliceRows(maps, 1, 2);
  expect(part.shape).toEqual([2, 1, 3, 2]);
  expect([...(await part.data())]).toEqual(Array.from({ length: 12 }, (_, i) => 6 + i));
  expect(await sliceRows(int1d([5, 6, 7]), 2, 1).array()).toEqual([7]);
  const flags = sliceRows(tf.tensor2d([[1], [0], [1]], [3, 1], "bool"), 0, 2);
  expect([flags.dtype, await flags.array()]).toEqual(["bool", [[1], [0]]]);
});

test("sliceRows of all entries is a tensor of its own", async () => {
  const x = counting(2, 2);
  sliceRows(x, 0, 2).dispose();
  expect(await x.array()).toEqual([
    [0, 1],
    [2, 3],
  ]);
});

test.each([
  [2, 5],
  [6, 3],
])("countRows counts %i drawn rows of %i", async (k, size) => {
  const drawn = Array.from({ length: 2 }, (_, n) =>
    Array.from({ length: k }, (_, i) => (i * (n + 1)) % size),
  );
  const counts = countRows(tf.tensor2d(drawn, [2, k], "int32"), size);
  const expected = drawn.map((rows) =>
    Array.from({ length: size }, (_, row) => rows.filter((x) => x === row).length),
  );
  expect(await counts.array()).toEqual(expected);
});

test("addToRows adds every change of a repeated index and leaves its input unchanged", async () => {
  const x = counting(3, 2);
  const changes = tf.tensor2d([
    [10, 10],
    [1, 2],
    [100, 100],
  ]);
  const sum = addToRows(x, int1d([2, 0, 2]), changes);
  expect(await sum.array()).toEqual([
    [1, 3],
    [2, 3],
    [114, 115],
  ]);
  expect(await x.array()).toEqual(await counting(3, 2).array());
});
