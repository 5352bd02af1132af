import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { flags, recordProducts, stored } from "./products.ts";
import { expectSameAsCpu, hideMemory, kernel, on, random } from "./support.ts";

const { clear, products } = recordProducts();
beforeAll(async () => {
  await hideMemory();
  registerTrainingKernels();
});
beforeEach(clear);

describe.each(flags)("BatchMatMul, transposeA %s, transposeB %s", (transposeA, transposeB) => {
  test("a single matrix takes a plain product", async () => {
    await on("wasm", () => {
      const a = random(stored([], 4, 3, transposeA), 1) as tf.Tensor2D;
      const b = random(stored([], 3, 5, transposeB), 2) as tf.Tensor2D;
      return tf.matMul(a, b, transposeA, transposeB);
    });
    expect(products()).toEqual([{ a: [1, 4, 3], b: [1, 3, 5], flags: [false, false] }]);
  });

  test("a shared right operand takes one plain product", async () => {
    await on("wasm", () => {
      const a = random(stored([6], 4, 3, transposeA), 1);
      const b = random(stored([1], 3, 5, transposeB), 2);
      return kernel(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
    });
    expect(products()).toEqual([{ a: [1, 24, 3], b: [1, 3, 5], flags: [false, false] }]);
  });

  test("a batch of large matrices takes a plain product each", async () => {
    await on("wasm", () => {
      const a = random(stored([2], 30, 31, transposeA), 1);
      const b = random(stored([2], 31, 32, transposeB), 2);
      return kernel(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
    });
    const product = { a: [1, 30, 31], b: [1, 31, 32], flags: [false, false] };
    expect(products()).toEqual([product, product]);
  });

  test("values", async () => {
    for (const batch of [[], [3]]) {
      await expectSameAsCpu(() => {
        const a = random(stored(batch, 26, 25, transposeA), 1);
        const b = random(stored(batch, 25, 27, transposeB), 2);
        return kernel(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
      });
    }
  });
});
