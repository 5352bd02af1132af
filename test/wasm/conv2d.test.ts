import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { convolutions, expectSameAsCpu, kernel, random, type Shape4D } from "./support.ts";

const stockFunc = vi.fn();

beforeAll(() => {
  for (const name of [tf.Conv2D, tf.FusedConv2D]) {
    const { kernelFunc, ...stock } = tf.getKernel(name, "wasm");
    tf.unregisterKernel(name, "wasm");
    const spied: tf.KernelFunc = (call) => {
      stockFunc();
      return kernelFunc(call);
    };
    tf.registerKernel({ ...stock, kernelFunc: spied });
  }
  registerTrainingKernels();
});
beforeEach(() => void stockFunc.mockClear());

const conv = (x: Shape4D, filter: Shape4D, attrs: object) =>
  kernel(tf.Conv2D, { x: random(x, 1), filter: random(filter, 2) }, { dilations: 1, ...attrs });

describe("Conv2D", () => {
  // The backend's own kernel is wrong where sizes are rounded up (tfjs 4.22).
  test.each(convolutions.filter(({ dimRoundingMode }) => dimRoundingMode !== "ceil"))(
    "$x with $filter, strides $strides, pad $pad",
    async ({ x, filter, strides, pad, dimRoundingMode }) => {
      const attrs = { strides, pad, dataFormat: "NHWC", dimRoundingMode };
      await expectSameAsCpu(() => conv(x, filter, attrs));
    },
  );

  test("3×3 filters at stride 1 do not use the backend's kernel, others do", async () => {
    const attrs = { strides: 1, pad: "same", dataFormat: "NHWC" };
    const x: Shape4D = [2, 16, 16, 8];
    await expectSameAsCpu(() => conv(x, [3, 3, 8, 4], attrs));
    expect(stockFunc).not.toHaveBeenCalled();
    await expectSameAsCpu(() => conv(x, [3, 3, 8, 5], attrs));
    await expectSameAsCpu(() => conv(x, [3, 3, 8, 4], { ...attrs, dilations: 2 }));
    await expectSameAsCpu(() => conv(x, [3, 3, 8, 4], { ...attrs, strides: 2 }));
    expect(stockFunc).toHaveBeenCalled();
  });
});

describe("FusedConv2D", () => {
  test.each(["linear", "relu", "relu6", "sigmoid"] as const)("%s", async (activation) => {
    const options = { strides: 1, pad: "same", activation } as const;
    const x = () => random([3, 9, 11, 8], 1) as tf.Tensor4D;
    const filter = () => random([3, 3, 8, 12], 2) as tf.Tensor4D;
    const bias = () => random([12], 3) as tf.Tensor1D;
    await expectSameAsCpu(() => tf.fused.conv2d({ x: x(), filter: filter(), ...options }));
    await expectSameAsCpu(() =>
      tf.fused.conv2d({ x: x(), filter: filter(), bias: bias(), ...options }),
    );
  });
});
