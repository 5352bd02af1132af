import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, random } from "./support.ts";

const { kernelFunc, ...stock } = tf.getKernel(tf.Slice, "wasm");
const stockFunc = vi.fn(kernelFunc);

beforeAll(() => {
  tf.unregisterKernel(tf.Slice, "wasm");
  tf.registerKernel({ ...stock, kernelFunc: stockFunc });
  registerTrainingKernels();
});
beforeEach(() => void stockFunc.mockClear());

test("any shape, begin and size", async () => {
  const axes = fc.array(
    fc.record({
      before: fc.nat(2),
      size: fc.nat(4),
      after: fc.nat(2),
      isRest: fc.boolean(), // −1: up to the end
    }),
    { minLength: 1, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(axes, async (axes) => {
      const shape = axes.map(({ before, size, after }) => before + size + after);
      const begin = axes.map(({ before }) => before);
      const size = axes.map(({ size, isRest }) => (isRest ? -1 : size));
      await expectSameAsCpu(() => tf.slice(random(shape, 1), begin, size));
    }),
    { numRuns: 100, seed: 1 },
  );
  expect(stockFunc).not.toHaveBeenCalled();
});

test.each(["int32", "bool"] as const)("%s", async (dtype) => {
  const x = () => tf.tensor2d([1, 0, 1, 1, 1, 0], [2, 3], dtype);
  await expectSameAsCpu(() => tf.slice(x(), [0, 1], [2, 2]));
  await expectSameAsCpu(() => tf.slice(x(), 1));
});

test("strings, and a slice outside of the tensor", async () => {
  await tf.setBackend("wasm");
  const strings = tf.slice(tf.tensor1d(["a", "b", "c"]), 1, 2);
  expect(await strings.data()).toEqual(["b", "c"]);
  expect(() => tf.slice(tf.zeros([3]), 2, 2)).toThrow("begin[0] + size[0]");
});
