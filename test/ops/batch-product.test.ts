import * as tf from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { batchProduct } from "../../src/ops/batch-product.ts";
import { expectClose, expectNoLeak } from "../support.ts";

const random = (shape: [number, number, number], seed: number) =>
  tf.randomNormal(shape, 0, 1, "float32", seed) as tf.Tensor3D;

/** Σ_k a[n, i, k] b[n, k, j] by plain loops. A single entry of a serves all n. */
async function products(a: tf.Tensor3D, b: tf.Tensor3D, isA: boolean, isB: boolean) {
  const [left, right] = [await a.array(), await b.array()];
  const flip = (x: number[][]) => x[0]!.map((_, j) => x.map((row) => row[j]!));
  const result = right.map((entry, n) => {
    const [x, y] = [left[n] ?? left[0]!, entry];
    const columns = isB ? y : flip(y);
    const rows = isA ? flip(x) : x;
    return rows.map((row) => columns.map((c) => row.reduce((sum, v, k) => sum + v * c[k]!, 0)));
  });
  const shape = [result.length, result[0]!.length, result[0]![0]!.length];
  return { shape, data: result.flat(2) };
}

// On wasm, products of 40³ and more run entry by entry, and those with 64 rows are transposed in blocks.
test.each([
  ["small entries", 3, 5, 4],
  ["large entries", 3, 50, 40],
  ["64 rows", 2, 64, 40],
  ["a shared left operand", 1, 64, 40],
])("%s: products with either operand transposed, or none", async (_, entries, long, short) => {
  const a = random([entries, long, short], 1);
  const tall = random([Math.max(entries, 2), long, short], 2);
  await expectClose(batchProduct(a, tall, { a: true }), await products(a, tall, true, false));
  await expectClose(batchProduct(a, tall, { b: true }), await products(a, tall, false, true));
  const flat = random([tall.shape[0], short, long], 3);
  await expectClose(batchProduct(a, flat), await products(a, flat, false, false));
});

test("a single entry with a long inner axis", async () => {
  const [a, b] = [random([1, 40, 2048], 1), random([1, 36, 2048], 2)];
  await expectClose(batchProduct(a, b, { b: true }), await products(a, b, false, true));
});

test("leaves no tensor behind", () => {
  const a = random([2, 64, 40], 1);
  expectNoLeak(() => batchProduct(a, a, { a: true }));
});
