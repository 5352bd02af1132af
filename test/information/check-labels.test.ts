import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { checkLabels } from "../../src/index.ts";

test("accepts valid labels", async () => {
  await checkLabels(tf.tensor1d([0, 2, 1], "int32"), 3);
  await checkLabels(tf.oneHot([0, 2, 1], 3), 3);
  await checkLabels(tf.cast(tf.oneHot([0, 2, 1], 3), "float32"), 3);
});

test("errors name the first invalid row", async () => {
  await expect(checkLabels(tf.tensor1d([0, 3, -1], "int32"), 3)).rejects.toThrow(
    "checkLabels: labels must be within 0 to 2, row 1 is not",
  );
  await expect(checkLabels(tf.tensor1d([-1, 0], "int32"), 3)).rejects.toThrow("row 0 is not");
  for (const row of [
    [0, 0],
    [1, 1],
    [0.5, 0.5],
  ]) {
    await expect(checkLabels(tf.tensor2d([[0, 1], row]), 2)).rejects.toThrow(
      "checkLabels: labels must be one-hot, row 1 is not",
    );
  }
});

test("errors name the invalid argument", async () => {
  await expect(checkLabels(tf.tensor1d([0, 1]), 3)).rejects.toThrow(
    "checkLabels: labels must be int32 class indices [batch] or one-hot [batch,3], got float32 [2]",
  );
  await expect(checkLabels(tf.eye(2), 3)).rejects.toThrow("got float32 [2,2]");
  for (const labels of [
    tf.zeros([2, 1, 1], "int32"),
    tf.zeros([], "int32"),
    tf.zeros([1, 2, 3]),
    tf.zeros([2, 3, 3]),
  ]) {
    await expect(checkLabels(labels, 3)).rejects.toThrow(`got ${labels.dtype} [${labels.shape}]`);
  }
  for (const [labels, got] of [
    [{ rank: 1, dtype: "int32" }, "object"],
    [{ rank: 2, shape: [1, 3] }, "object"],
    [undefined, "undefined"],
  ]) {
    await expect(checkLabels(labels as never, 3)).rejects.toThrow(`[batch,3], got ${got}`);
  }
  await expect(checkLabels(tf.eye(2), 0)).rejects.toThrow(
    "checkLabels: numClasses must be an integer >= 1, got 0",
  );
});
