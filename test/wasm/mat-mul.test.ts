import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { batchIndices } from "../../src/wasm/mat-mul.ts";
import { flags, recordProducts, stored } from "./products.ts";
import { expectClose, expectSameAsCpu, kernel, on, random } from "./support.ts";

const { clear, products } = recordProducts();
beforeAll(registerTrainingKernels);
beforeEach(clear);

describe.each(flags)("BatchMatMul, transposeA %s, transposeB %s", (transposeA, transposeB) => {
  test.each([
    { batchA: [], batchB: [], size: [4, 3, 5] },
    { batchA: [], batchB: [], size: [1, 1, 1] },
    { batchA: [3], batchB: [3], size: [4, 3, 5] },
    { batchA: [3], batchB: [3], size: [26, 25, 27] },
    { batchA: [3], batchB: [1], size: [4, 3, 5] },
    { batchA: [3], batchB: [], size: [4, 3, 5] },
    { batchA: [1], batchB: [3], size: [30, 31, 32] },
    { batchA: [2, 3], batchB: [2, 3], size: [25, 26, 27] },
    { batchA: [2, 3], batchB: [3], size: [4, 3, 5] },
    { batchA: [], batchB: [], size: [97, 300, 19] },
    { batchA: [], batchB: [], size: [600, 17, 8] },
    { batchA: [], batchB: [], size: [1, 513, 3] },
    { batchA: [], batchB: [], size: [13, 1, 21] },
  ] as const)("$batchA by $batchB, $size", async ({ batchA, batchB, size: [m, k, n] }) => {
    await expectSameAsCpu(() => {
      const a = random(stored([...batchA], m, k, transposeA), 1);
      const b = random(stored([...batchB], k, n, transposeB), 2);
      return kernel(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
    });
  });

  test("an empty sum is 0", async () => {
    for (const batch of [[], [2]]) {
      const { shape, values } = await on("wasm", () => {
        const a = tf.zeros(stored(batch, 2, 0, transposeA));
        const b = tf.zeros(stored(batch, 0, 3, transposeB));
        return kernel(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
      });
      expect(shape).toEqual([...batch, 2, 3]);
      expect(values.every((x) => x === 0)).toBe(true);
    }
  });

  test("supports no rows, no columns and no entries", async () => {
    const sizes = [
      [[], 0, 3],
      [[], 2, 0],
      [[0], 2, 3],
    ] as const;
    for (const [batch, m, n] of sizes) {
      const { shape } = await on("wasm", () => {
        const a = tf.zeros(stored([...batch], m, 4, transposeA));
        const b = tf.zeros(stored([...batch], 4, n, transposeB));
        return kernel(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
      });
      expect(shape).toEqual([...batch, m, n]);
    }
  });
});

describe("BatchMatMul", () => {
  const plain = { transposeA: false, transposeB: false };

  test("batch dimensions that broadcast both ways", async () => {
    const { shape, values } = await on("wasm", () => {
      const a = tf.tensor([1, 2], [2, 1, 1, 1]);
      const b = tf.tensor([1, 10, 100], [1, 3, 1, 1]);
      return kernel(tf.BatchMatMul, { a, b }, plain);
    });
    expect(shape).toEqual([2, 3, 1, 1]);
    expect(values).toEqual([1, 10, 100, 2, 20, 200]);
  });

  test("an operand that repeats along the outer batch dimension", async () => {
    const { values } = await on("wasm", () => {
      const a = tf.tensor([1, 2, 3, 4], [2, 2, 1, 1]);
      const b = tf.tensor([10, 100], [2, 1, 1, 1]);
      return kernel(tf.BatchMatMul, { a, b }, plain);
    });
    expect(values).toEqual([10, 20, 300, 400]);
  });

  test("many small matrices take one call", async () => {
    const batch = () => random([8, 4, 4], 1);
    await on("wasm", () => kernel(tf.BatchMatMul, { a: batch(), b: batch() }, plain));
    expect(products()).toEqual([{ a: [8, 4, 4], b: [8, 4, 4], flags: [false, false] }]);
  });

  test("rejects what the backend rejects", async () => {
    await tf.setBackend("wasm");
    const multiply = (a: tf.Tensor, b: tf.Tensor) => kernel(tf.BatchMatMul, { a, b }, plain);
    expect(() => multiply(tf.ones([2, 3], "int32"), tf.ones([3, 2], "int32"))).toThrow("float32");
    expect(() => multiply(tf.ones([2, 3]), tf.ones([4, 2]))).toThrow("must match");
    expect(() => multiply(tf.ones([2, 2, 3]), tf.ones([3, 3, 2]))).toThrow("broadcast");
  });
});

describe("_FusedMatMul", () => {
  const activations = ["linear", "relu", "relu6", "elu", "prelu", "leakyrelu", "sigmoid"] as const;

  const fused = (
    activation: (typeof activations)[number],
    batch: number[],
    [m, k, n]: readonly [number, number, number],
    [transposeA, transposeB]: readonly [boolean, boolean],
  ) => {
    const a = random(stored(batch, m, k, transposeA), 1);
    const b = random(stored(batch, k, n, transposeB), 2);
    const preluActivationWeights = random([n], 4);
    return tf.fused.matMul({
      a,
      b,
      transposeA,
      transposeB,
      bias: random([n], 3),
      activation,
      leakyreluAlpha: 0.3,
      ...(activation === "prelu" && { preluActivationWeights }),
    });
  };

  describe.each(activations)("bias and %s", (activation) => {
    test.each(flags)("transposeA %s, transposeB %s", async (...transposes) => {
      await expectSameAsCpu(() => fused(activation, [], [4, 3, 5], transposes));
      await expectSameAsCpu(() => fused(activation, [3], [4, 3, 5], transposes));
      await expectSameAsCpu(() => fused(activation, [2], [26, 27, 28], transposes));
    });

    test("an empty sum is the bias", async () => {
      const nothing = await on("wasm", () => fused(activation, [], [2, 0, 3], [false, true]));
      const zeros = await on("wasm", () => {
        const preluActivationWeights = random([3], 4);
        return tf.fused.matMul({
          a: tf.zeros([2, 1]),
          b: tf.zeros([1, 3]),
          bias: random([3], 3),
          activation,
          leakyreluAlpha: 0.3,
          ...(activation === "prelu" && { preluActivationWeights }),
        });
      });
      expectClose(nothing.values, zeros.values);
    });
  });

  test("without a bias", async () => {
    await expectSameAsCpu(() =>
      tf.fused.matMul({ a: random([4, 3], 1), b: random([3, 2], 2), activation: "relu" }),
    );
  });
});

test("batchIndices", () => {
  expect(batchIndices([], [])).toEqual([0]);
  expect(batchIndices([2, 3], [2, 3])).toEqual([0, 1, 2, 3, 4, 5]);
  expect(batchIndices([2, 3], [3])).toEqual([0, 1, 2, 0, 1, 2]);
  expect(batchIndices([2, 3], [2, 1])).toEqual([0, 0, 0, 1, 1, 1]);
  expect(batchIndices([2, 3], [1])).toEqual([0, 0, 0, 0, 0, 0]);
});
