import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { oneHot } from "../../src/ops/one-hot.ts";

test("is float32, and an index that names no class gives a row of zeros", async () => {
  const hot = oneHot(tf.tensor1d([2, 0, 3], "int32"), 3);
  expect(hot.dtype).toBe("float32");
  expect(await hot.array()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
    [0, 0, 0],
  ]);
});

test("takes a single class", async () => {
  expect(await oneHot(tf.tensor1d([0, 1], "int32"), 1).array()).toEqual([[1], [0]]);
});
