import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { matMul } from "../../src/ops/mat-mul.ts";
import { expectClose, expectNoLeak } from "../support.ts";

// More than 128 entries, since webgl leaves smaller operations to the CPU.
test.each([
  ["odd", 31],
  ["even", 32],
])("the product over an %s size, whatever is beyond the operands' ends", async (_, inner) => {
  const [x, y] = [tf.fill([15, inner], 0.5), tf.fill([inner, 11], 0.25)];
  // Beyond the ends of a texture that held 0, these hold 1, 1 and −∞.
  const operands: [tf.Tensor, number][] = [
    [tf.sub(1, x), 0.5],
    [tf.exp(x), Math.exp(0.5)],
    [tf.log(x), Math.log(0.5)],
  ];
  for (const [a, entryA] of operands) {
    for (const [b, entryB] of [
      [tf.sub(1, y), 0.75],
      [tf.log(y), Math.log(0.25)],
    ] as const) {
      const want = { shape: [15, 11], data: new Array(165).fill(inner * entryA * entryB) };
      await expectClose(matMul(a, b), want);
      await expectClose(matMul(tf.transpose(a), b, true), want);
      await expectClose(matMul(a, tf.transpose(b), false, true), want);
      const batch = tf.stack([a, a]);
      const both = { shape: [2, 15, 11], data: [...want.data, ...want.data] };
      await expectClose(matMul(batch, tf.stack([b, b])), both);
    }
  }
});

test("leaves no tensor behind", () => {
  for (const inner of [3, 4]) {
    const [a, b] = [tf.ones([2, inner]), tf.ones([inner, 2])];
    expectNoLeak(() => matMul(a, b));
    expect(matMul(a, b).shape).toEqual([2, 2]);
  }
});
