import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, on, random } from "./support.ts";

const operations = { Add: tf.add, Multiply: tf.mul, Sub: tf.sub, RealDiv: tf.div } as const;
const names = Object.keys(operations) as (keyof typeof operations)[];
const stockFunc = vi.fn();

beforeAll(() => {
  for (const name of names) {
    const { kernelFunc, ...stock } = tf.getKernel(name, "wasm");
    tf.unregisterKernel(name, "wasm");
    const spied: tf.KernelFunc = (call) => {
      stockFunc();
      return kernelFunc(call);
    };
    tf.registerKernel({ ...stock, kernelFunc: spied });
  }
  registerTrainingKernels();
});
beforeEach(() => void stockFunc.mockClear());

/** Away from 0, so that quotients are finite. */
const operand = (shape: number[], seed: number) => tf.add(tf.abs(random(shape, seed)), 0.5);

describe.each(names)("%s", (name) => {
  test.each([
    [[2, 3, 5, 19], [19]],
    [
      [2, 3, 5, 16],
      [1, 1, 1, 16],
    ],
    [
      [2, 3, 5, 4],
      [2, 1, 1, 4],
    ],
    [
      [7, 9],
      [7, 1],
    ],
    [
      [2, 3, 5],
      [2, 3, 1],
    ],
    [[2, 3, 5], []],
    [[7], [1]],
    [
      [4, 1, 3],
      [1, 1, 3],
    ],
  ] as const)("%j and %j, in both orders", async (full, repeated) => {
    const [large, small] = [() => operand([...full], 1), () => operand([...repeated], 2)];
    await on("wasm", () => operations[name](large(), small()));
    stockFunc.mockClear();
    const [a, b] = await (async () => {
      await tf.setBackend("wasm");
      return [large(), small()];
    })();
    stockFunc.mockClear();
    tf.dispose([operations[name](a!, b!), operations[name](b!, a!), a!, b!]);
    expect(stockFunc).not.toHaveBeenCalled();
    await expectSameAsCpu(() => operations[name](large(), small()));
    await expectSameAsCpu(() => operations[name](small(), large()));
  });

  test("any shapes that broadcast, values and gradients", async () => {
    const axes = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom("both", "a", "b")),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(axes, async (axes) => {
        const a = axes.map(([size, side]) => (side === "b" ? 1 : size));
        const b = axes.map(([size, side]) => (side === "a" ? 1 : size));
        const compute = operations[name];
        await expectSameAsCpu(() => compute(operand(a, 1), operand(b, 2)));
        await expectSameAsCpu(() => {
          const f = (x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.square(compute(x, y)));
          const gradients = tf.grads(f)([operand(a, 1), operand(b, 2)]);
          return tf.concat(gradients.map((g) => tf.reshape(g, [-1])));
        });
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  test("int32", async () => {
    const x = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2], "int32");
    await expectSameAsCpu(() => operations[name](x(), tf.tensor1d([7, 3], "int32")));
  });

  test("no entries", async () => {
    await expectSameAsCpu(() => operations[name](tf.zeros([0, 3]), tf.ones([3])));
    await expectSameAsCpu(() => operations[name](tf.zeros([3, 0]), tf.ones([3, 1])));
    await expectSameAsCpu(() => operations[name](tf.zeros([3, 0]), tf.ones([1])));
  });
});
