import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { classIndices } from "../../src/ops/class-indices.ts";
import { countRows } from "../../src/ops/count-rows.ts";
import { gram, rowProducts } from "../../src/ops/row-products.ts";
import { atLeastTiny, safeLog } from "../../src/ops/safe-log.ts";
import { expectNoLeak, logitsOf } from "../support.ts";
import { composed, expectSame } from "./support.ts";

// Sizes around the tiles of 16, and an inner size at which tf.matMul with a flag is wrong.
test.each([
  [1, 1, 1],
  [16, 16, 16],
  [17, 33, 5],
  [3, 40, 4099],
])("products of %i and %i rows of width %i equal float64", async (n, m, d) => {
  const [a, b] = [logitsOf(n, d, 1), logitsOf(m, d, 2)];
  const [x, y] = [await a.array(), await b.array()];
  const products = (left: number[][], right: number[][]) =>
    tf.tensor2d(left.map((p) => right.map((q) => p.reduce((sum, v, i) => sum + v * q[i]!, 0))));
  await expectSame([rowProducts(a, b), gram(b)], [products(x, y), products(y, y)]);
  await expectSame([rowProducts(a, a)], [products(x, x)]);
  expectNoLeak(() => gram(a));
});

test.each([
  [1, 1, 1],
  [3, 5, 2],
  [2, 300, 7],
  [2, 7, 300],
])("counts [%i, %i] drawn rows of %i", async (n, k, size) => {
  const drawn = Array.from({ length: n }, (_, i) =>
    Array.from({ length: k }, (_, j) => (j * j * (i + 1)) % size),
  );
  const expected = drawn.map((rows) =>
    Array.from({ length: size }, (_, row) => rows.filter((x) => x === row).length),
  );
  const tensor = tf.tensor2d(drawn, [n, k], "int32");
  const counts = countRows(tensor, size);
  expect(counts.dtype).toBe("float32");
  expect(await counts.array()).toEqual(expected);
  expectNoLeak(() => countRows(tensor, size));
});

test("rows outside of 0…size − 1 are counted nowhere", async () => {
  const drawn = tf.tensor2d([[-1, 0, 3, 2]], [1, 4], "int32");
  expect(await countRows(drawn, 3).array()).toEqual([[1, 0, 1]]);
});

test.each(["int32", "float32", "bool"] as const)("class indices of %s rows", async (dtype) => {
  const rows = tf.tensor2d(
    [
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
    ],
    [3, 3],
    dtype,
  );
  const indices = classIndices(rows);
  expect([indices.dtype, await indices.array()]).toEqual(["int32", [2, 0, 0]]);
  const wide = tf.cast(tf.oneHot(tf.tensor1d([20_000, 3], "int32"), 21_841), dtype) as tf.Tensor2D;
  expect(await classIndices(wide).array()).toEqual([20_000, 3]);
});

test("bounded numbers and logarithms equal their compositions", async () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  const x = tf.tensor([0, -1, 1e-38, 1e-37, 0.5, 1, 1e30, nan, infinity, -infinity], [2, 5]);
  const compute = () => [atLeastTiny(x), safeLog(x)];
  await expectSame(compute(), composed(compute));
});
