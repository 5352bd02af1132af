import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { classIndices } from "../../src/ops/class-indices.ts";

test.each(["float32", "int32", "bool"] as const)("of one-hot rows of %s", async (dtype) => {
  const rows = tf.tensor2d(
    [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ],
    [3, 3],
    dtype,
  );
  const indices = classIndices(rows);
  expect(indices.dtype).toBe("int32");
  expect(await indices.array()).toEqual([2, 0, 1]);
});
