import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { oneMinus } from "../../src/ops/one-minus.ts";
import { expectClose, expectNoLeak, logitsOf, reference } from "../support.ts";

test("is 1 − x, also as an operand of a product with an odd inner size", async () => {
  const x = tf.tensor2d([0, 0.25, 1, 2, -1, 0.5], [2, 3]);
  await expectClose(
    oneMinus(x),
    reference([
      [1, 0.75, 0],
      [-1, 2, 0.5],
    ]),
  );
  const ones = tf.ones<tf.Rank.R2>([9, 9]);
  const logP = tf.logSoftmax(logitsOf(9, 3, 1)) as tf.Tensor2D;
  const product = tf.matMul(oneMinus(ones), logP);
  expect(Math.max(...(await tf.abs(product).data()))).toBe(0);
});

test("leaves no tensor behind", () => {
  const x = tf.ones([3, 3]);
  expectNoLeak(() => oneMinus(x));
});
