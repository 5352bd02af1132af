import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import {
  type Convolution,
  convolutions,
  expectClose,
  expectSameAsCpu,
  kernel,
  on,
  random,
} from "./support.ts";

const stock = tf.getKernel(tf.Conv2DBackpropInput, "wasm");
const stockFunc = vi.fn(stock.kernelFunc);

beforeAll(() => {
  tf.unregisterKernel(tf.Conv2DBackpropInput, "wasm");
  tf.registerKernel({ ...stock, kernelFunc: stockFunc });
  registerTrainingKernels();
});
beforeEach(() => void stockFunc.mockClear());

function inputGradient({ x, filter, strides, pad, dimRoundingMode }: Convolution) {
  const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, dimRoundingMode);
  const attrs = { strides, pad, dataFormat: "NHWC", dimRoundingMode, inputShape: x };
  const inputs = { dy: random(info.outShape, 1), filter: random(filter, 2) };
  return kernel(tf.Conv2DBackpropInput, inputs, attrs);
}

describe("Conv2DBackpropInput", () => {
  test.each(convolutions)("$x with $filter, strides $strides, pad $pad", async (geometry) => {
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

  test("NCHW uses the backend's kernel", async () => {
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
