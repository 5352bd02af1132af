import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { checkContrastIndices } from "../../../src/index.ts";
import { int1d, int2d } from "./support.ts";

test("accepts valid indices of each form", async () => {
  await checkContrastIndices(int1d([0, 4]), 5);
  await checkContrastIndices(int2d([[0, 4, 4]]), 5);
  await checkContrastIndices({ positives: int1d([0, 4]), negatives: int1d([2]) }, 5);
});

test("errors name the first invalid index", async () => {
  await expect(checkContrastIndices(int1d([0, -1, 5]), 5)).rejects.toThrow(
    "checkContrastIndices: indices must be within 0 to 4, got -1 at [1]",
  );
  const rows = int2d([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  await expect(checkContrastIndices(rows, 5)).rejects.toThrow(
    "checkContrastIndices: indices must be within 0 to 4, got 5 at [1,2]",
  );
  const shared = { positives: int1d([0, 1]), negatives: int1d([2, 9]) };
  await expect(checkContrastIndices(shared, 5)).rejects.toThrow(
    "checkContrastIndices: negatives must be within 0 to 4, got 9 at [1]",
  );
});

test("errors name the invalid argument", async () => {
  await expect(checkContrastIndices(int1d([0]), 0)).rejects.toThrow(
    "checkContrastIndices: size must be an integer >= 1, got 0",
  );
  await expect(checkContrastIndices(tf.zeros([2]) as tf.Tensor1D, 5)).rejects.toThrow(
    "checkContrastIndices: indices must be int32 [rows], got float32 [2]",
  );
  await expect(checkContrastIndices(tf.zeros([2, 2]) as tf.Tensor2D, 5)).rejects.toThrow(
    "checkContrastIndices: contrastIndices must be int32 [batch,K+1] with K >= 1 or {positives, negatives}, got float32 [2,2]",
  );
});
