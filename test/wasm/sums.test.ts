import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, on, random } from "./support.ts";

const stock = tf.getKernel(tf.Sum, "wasm");
const stockFunc = vi.fn(stock.kernelFunc);

beforeAll(() => {
  tf.unregisterKernel(tf.Sum, "wasm");
  tf.registerKernel({ ...stock, kernelFunc: stockFunc });
  registerTrainingKernels();
});
beforeEach(() => void stockFunc.mockClear());

const reductions = { sum: tf.sum, mean: tf.mean };

/** The value of a reduction, and its gradient with random weights. */
function valueAndGradient(name: keyof typeof reductions, shape: number[], axis?: number[]) {
  const reduce = reductions[name];
  const x = random(shape, 1);
  const y = reduce(x, axis);
  const dx = tf.grad((x) => tf.sum(tf.mul(reduce(x, axis), random(y.shape, 2))))(x);
  return tf.concat([tf.reshape(y, [-1]), tf.reshape(dx, [-1])]);
}

describe.each(["sum", "mean"] as const)("%s", (name) => {
  test.each([
    { shape: [37], axis: [0] },
    { shape: [] },
    { shape: [5, 3, 4, 21], axis: [0, 1, 2] },
    { shape: [2, 3, 4, 16], axis: [1, 2] },
    { shape: [2, 3, 4, 7], axis: [3] },
    { shape: [2, 3, 4, 7], axis: [2, 3] },
    { shape: [2, 3, 4, 7], axis: [-4] },
    { shape: [2, 3, 4, 7] },
    { shape: [200, 33], axis: [0] },
    { shape: [3, 1100], axis: [1] },
    { shape: [1, 5, 1, 7], axis: [0, 2] },
    { shape: [4, 1, 3], axis: [1] },
    { shape: [2, 3, 4], axis: [] },
  ])("$shape over $axis", async ({ shape, axis }) => {
    await expectSameAsCpu(() => valueAndGradient(name, shape, axis));
    expect(stockFunc).not.toHaveBeenCalled();
  });

  test("any shape and axes, keeping dimensions or not", async () => {
    const cases = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean()), { minLength: 1, maxLength: 5 })
      .map((axes) => ({
        shape: axes.map(([size]) => size),
        axis: axes.flatMap(([, isReduced], i) => (isReduced ? [i] : [])),
      }));
    await fc.assert(
      fc.asyncProperty(cases, fc.boolean(), async ({ shape, axis }, keepDims) => {
        await expectSameAsCpu(() => reductions[name](random(shape, 1), axis, keepDims));
        await expectSameAsCpu(() => valueAndGradient(name, shape, axis));
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("int32 and bool", async () => {
    for (const dtype of ["int32", "bool"] as const) {
      const x = () => tf.tensor2d([1, 0, 1, 1, 1, 0], [3, 2], dtype);
      await expectSameAsCpu(() => reductions[name](x(), 0));
    }
  });

  test("no entries", async () => {
    await expectSameAsCpu(() => reductions[name](tf.zeros([3, 0, 2]), 0));
    const empty = await on("wasm", () => reductions[name](tf.zeros([0, 2]), 0));
    expect(empty.values).toEqual(name === "sum" ? [0, 0] : [Number.NaN, Number.NaN]);
  });

  test("NaN and infinity stay in their column", async () => {
    const { values } = await on(
      "wasm",
      () =>
      reductions[name](tf.tensor2d([[1, Number.NaN, Number.POSITIVE_INFINITY], [1, 0, 0]]), 0), // biome-ignore format: rows
    );
    expect(values).toEqual([name === "sum" ? 2 : 1, Number.NaN, Number.POSITIVE_INFINITY]);
  });

  test.each([
    { shape: [2 ** 22] },
    { shape: [2 ** 20, 3], axis: [0] },
    { shape: [3, 2 ** 20], axis: [1] },
    { shape: [2, 2 ** 19, 5], axis: [1] },
  ])("keeps digits over millions of entries: $shape", async ({ shape, axis }) => {
    const { values } = await on("wasm", () => reductions[name](tf.fill(shape, 0.1), axis));
    const count = tf.util.sizeFromShape(shape) / values.length;
    const expected = Math.fround(0.1) * (name === "sum" ? count : 1);
    for (const value of values) expect(Math.abs(value / expected - 1)).toBeLessThan(5e-7);
  });
});
