import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import {
  expectClose,
  expectSameAsCpu,
  kernel,
  on,
  type Padding,
  random,
  type Shape4D,
} from "./support.ts";

const stock = tf.getKernel(tf.Conv2DBackpropInput, "wasm");
const stockFunc = vi.fn(stock.kernelFunc);

beforeAll(() => {
  tf.unregisterKernel(tf.Conv2DBackpropInput, "wasm");
  tf.registerKernel({ ...stock, kernelFunc: stockFunc });
  registerTrainingKernels();
});
beforeEach(() => void stockFunc.mockClear());

interface Case {
  x: Shape4D;
  filter: Shape4D;
  strides: number | [number, number];
  pad: Padding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

function inputGradient({ x, filter, strides, pad, dimRoundingMode }: Case) {
  const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, dimRoundingMode);
  const attrs = { strides, pad, dataFormat: "NHWC", dimRoundingMode, inputShape: x };
  const inputs = { dy: random(info.outShape, 1), filter: random(filter, 2) };
  return kernel(tf.Conv2DBackpropInput, inputs, attrs);
}

const cases: Case[] = [
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 4], strides: 1, pad: "same" },
  { x: [2, 7, 5, 3], filter: [3, 2, 3, 4], strides: 1, pad: "valid" },
  { x: [2, 7, 6, 3], filter: [2, 4, 3, 4], strides: 1, pad: "same" },
  { x: [3, 8, 9, 2], filter: [3, 3, 2, 5], strides: 2, pad: "same" },
  { x: [3, 8, 9, 2], filter: [2, 5, 2, 5], strides: [3, 2], pad: "valid" },
  { x: [1, 6, 6, 1], filter: [3, 3, 1, 1], strides: 1, pad: 1 },
  { x: [1, 6, 6, 2], filter: [2, 2, 2, 3], strides: 1, pad: 3 },
  { x: [2, 9, 9, 3], filter: [3, 3, 3, 2], strides: 2, pad: 1, dimRoundingMode: "floor" },
  { x: [2, 8, 8, 3], filter: [3, 3, 3, 2], strides: 2, pad: 1, dimRoundingMode: "ceil" },
  { x: [2, 4, 4, 6], filter: [1, 1, 6, 7], strides: 1, pad: "same" },
  { x: [2, 9, 9, 2], filter: [1, 1, 2, 3], strides: 3, pad: "valid" },
  { x: [2, 1, 12, 4], filter: [1, 5, 4, 3], strides: 1, pad: "same" },
  { x: [5, 30, 30, 1], filter: [3, 3, 1, 2], strides: [1, 2], pad: "same" },
];

describe("Conv2DBackpropInput", () => {
  test.each(cases)("$x with $filter, strides $strides, pad $pad", async (geometry) => {
    await expectSameAsCpu(() => inputGradient(geometry));
    expect(stockFunc).not.toHaveBeenCalled();
  });

  test("tf.conv2dTranspose", async () => {
    await expectSameAsCpu(() =>
      tf.conv2dTranspose(
        random([2, 4, 4, 3], 1) as tf.Tensor4D,
        random([3, 3, 2, 3], 2) as tf.Tensor4D,
        [2, 8, 8, 2],
        2,
        "same",
      ),
    );
  });

  test("NCHW is left to the backend", async () => {
    const filter = () => random([3, 3, 2, 3], 2);
    const attrs = { strides: 1, pad: "same" };
    const nchw = await on("wasm", () => {
      const dy = tf.transpose(random([2, 4, 5, 3], 1), [0, 3, 1, 2]);
      const more = { ...attrs, dataFormat: "NCHW", inputShape: [2, 2, 4, 5] };
      const dx = kernel(tf.Conv2DBackpropInput, { dy, filter: filter() }, more);
      return tf.transpose(dx, [0, 2, 3, 1]);
    });
    const nhwc = await on("cpu", () => {
      const more = { ...attrs, dataFormat: "NHWC", inputShape: [2, 4, 5, 2] };
      const inputs = { dy: random([2, 4, 5, 3], 1), filter: filter() };
      return kernel(tf.Conv2DBackpropInput, inputs, more);
    });
    expect(stockFunc).toHaveBeenCalledOnce();
    expectClose(nchw.values, nhwc.values);
  });
});
