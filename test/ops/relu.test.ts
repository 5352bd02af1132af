import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { relu } from "../../src/ops/relu.ts";

test("is 0 for −∞ and keeps ∞", async () => {
  const x = tf.tensor1d([Number.NEGATIVE_INFINITY, -1, 0, 2, Number.POSITIVE_INFINITY]);
  expect([...(await relu(x).data())]).toEqual([0, 0, 0, 2, Number.POSITIVE_INFINITY]);
});
