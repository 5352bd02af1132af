import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";
import { expm1 } from "../../src/ops/expm1.ts";

const expm1Of = (x: tf.Tensor) => expm1(x, tf.exp(x));

test("expm1 has a small relative error at every size", async () => {
  const data = [0, -1e-30, -1e-10, -1e-4, -0.05, -0.099, -0.101, -0.5, -3, -50, -1e30];
  const values = await expm1Of(tf.tensor1d(data)).data();
  for (const [i, x] of data.entries()) {
    const expected = Math.expm1(x);
    const bound = inject("backend").tolerance * Math.abs(expected);
    expect(Math.abs(values[i]! - expected)).toBeLessThanOrEqual(bound);
  }
  expect((await expm1Of(tf.scalar(Number.NaN)).data())[0]).toBeNaN();
});
