import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";

test("the project's backend computes", async () => {
  expect(tf.getBackend()).toBe(inject("backend").backend);
  expect(await tf.add(tf.tensor1d([1, 2]), 1).array()).toEqual([2, 3]);
});
