import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients
import { beforeAll, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectClose, expectSameAsCpu, on, random } from "./support.ts";

beforeAll(registerTrainingKernels);

const sum = (x: tf.Tensor, ids: number[], segments: number) =>
  tf.unsortedSegmentSum(x, tf.tensor1d(ids, "int32"), segments);

describe("UnsortedSegmentSum", () => {
  test.each([
    [[5], [0, 2, 0, 1, 2], 3],
    [[4, 3], [1, 1, 0, 1], 2],
    [[4, 3, 2], [4, 0, 4, 2], 6],
    [[3, 2], [0, 0, 0], 1],
  ])("%j by %j into %i", async (shape, ids, segments) => {
    await expectSameAsCpu(() => sum(random(shape, 1), ids, segments));
  });

  test("ignores ids outside the segments", async () => {
    await expectSameAsCpu(() => sum(random([5, 2], 1), [-1, 0, 3, 2, 0], 3));
  });

  test("sums integers as int32 and counts bools", async () => {
    const int = await on("wasm", () => sum(tf.tensor1d([1, 2, 3], "int32"), [1, 1, 0], 2));
    expect(int).toEqual({ shape: [2], dtype: "int32", values: [3, 3] });
    const bool = await on("wasm", () =>
      sum(tf.tensor1d([true, true, false], "bool"), [1, 1, 0], 2),
    );
    expect(bool).toEqual({ shape: [2], dtype: "int32", values: [0, 2] });
  });

  test("the gradient of tf.gather", async () => {
    for (const axis of [0, 1]) {
      await expectSameAsCpu(() => {
        const indices = tf.tensor1d([1, 0, 1, 2], "int32");
        const weights = random(axis === 0 ? [4, 5] : [3, 4], 2);
        const loss = (x: tf.Tensor) => tf.sum(tf.mul(tf.gather(x, indices, axis), weights));
        return tf.grad(loss)(random([3, 5], 1));
      });
    }
  });

  test("many equal ids", async () => {
    const { values } = await on("wasm", () => sum(tf.ones([5000, 2]), Array(5000).fill(3), 4));
    expectClose(values, [0, 0, 0, 0, 0, 0, 5000, 5000]);
  });
});
