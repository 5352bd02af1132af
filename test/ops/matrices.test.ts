import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { gram, rowProducts } from "../../src/ops/row-products.ts";
import { transposeMatrix } from "../../src/ops/transpose-matrix.ts";

/** Small integers, so that products and sums are exact in float32. */
const integers = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => ((i * 7 + j * 3) % 5) - 2),
  );

const products = (a: number[][], b: number[][]): number[][] =>
  a.map((x) => b.map((y) => x.reduce((sum, value, k) => sum + value * y[k]!, 0)));

test.each([
  [3, 5],
  [96, 4],
  [100, 3],
  [1024, 2],
  [4096, 1],
])("transposeMatrix of %i×%i", async (rows, columns) => {
  const x = integers(rows, columns);
  const expected = Array.from({ length: columns }, (_, j) => x.map((row) => row[j]!));
  expect(await transposeMatrix(tf.tensor2d(x)).array()).toEqual(expected);
});

test.each([
  [3, 4, 2],
  [2, 4096, 3],
  [5, 7, 2048],
])("rowProducts of %i and %i rows of %i", async (n, m, width) => {
  const [a, b] = [integers(n, width), integers(m, width).reverse()];
  expect(await rowProducts(tf.tensor2d(a), tf.tensor2d(b)).array()).toEqual(products(a, b));
});

test.each([
  [4, 3],
  [3, 2048],
  [18, 16384],
])("gram of %i rows of %i", async (n, width) => {
  const x = integers(n, width);
  expect(await gram(tf.tensor2d(x)).array()).toEqual(products(x, x));
});
