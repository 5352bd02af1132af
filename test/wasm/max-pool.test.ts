import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, kernel, on, type Padding, random, type Shape4D } from "./support.ts";

beforeAll(registerTrainingKernels);

type Size = number | [number, number];

interface Case {
  x: Shape4D;
  filterSize: Size;
  strides: Size;
  pad: Padding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

function gradient(
  input: tf.Tensor,
  { filterSize, strides, pad, dimRoundingMode }: Omit<Case, "x">,
) {
  const output = tf.maxPool(input as tf.Tensor4D, filterSize, strides, pad, dimRoundingMode);
  const inputs = { dy: random(output.shape, 2), input, output };
  return kernel(tf.MaxPoolGrad, inputs, { filterSize, strides, pad, dimRoundingMode });
}

describe("MaxPoolGrad", () => {
  test.each<Case>([
    { x: [2, 4, 4, 3], filterSize: 2, strides: 2, pad: "valid" },
    { x: [2, 5, 7, 3], filterSize: 2, strides: 2, pad: "same" },
    { x: [1, 7, 7, 2], filterSize: 3, strides: 2, pad: "valid" },
    { x: [1, 7, 6, 1], filterSize: 3, strides: 1, pad: "same" },
    { x: [3, 8, 9, 2], filterSize: [2, 3], strides: [3, 1], pad: "valid" },
    { x: [2, 6, 6, 2], filterSize: 3, strides: 2, pad: 1, dimRoundingMode: "floor" },
    { x: [2, 6, 6, 2], filterSize: 3, strides: 2, pad: 1, dimRoundingMode: "ceil" },
    { x: [2, 1, 9, 2], filterSize: [1, 2], strides: [1, 2], pad: "valid" },
  ])("$x, size $filterSize, strides $strides, pad $pad", async ({ x, ...pooling }) => {
    await expectSameAsCpu(() => gradient(random(x, 1), pooling));
  });

  test("windows of negative numbers pass on the gradient", async () => {
    const { values } = await on("wasm", () => {
      const input = tf.tensor4d([-4, -1, -2, -3], [1, 2, 2, 1]);
      const inputs = { dy: tf.ones([1, 1, 1, 1]), input, output: tf.maxPool(input, 2, 2, "valid") };
      return kernel(tf.MaxPoolGrad, inputs, { filterSize: 2, strides: 2, pad: "valid" });
    });
    expect(values).toEqual([0, 1, 0, 0]);
  });

  test("the first of equal maxima takes the gradient", async () => {
    const pooling = { filterSize: 2, strides: 1, pad: "same" as const };
    await expectSameAsCpu(() => gradient(tf.zeros([2, 4, 4, 2]), pooling));
  });
});
