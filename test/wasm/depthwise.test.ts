import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { type Convolution, expectClose, expectSameAsCpu, kernel, on, random } from "./support.ts";

beforeAll(registerTrainingKernels);

const cases: Convolution[] = [
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 1], strides: 1, pad: "same" },
  { x: [2, 7, 5, 3], filter: [3, 2, 3, 1], strides: 1, pad: "valid" },
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 2], strides: 1, pad: "same" },
  { x: [3, 8, 9, 2], filter: [3, 3, 2, 1], strides: 2, pad: "same" },
  { x: [3, 8, 9, 2], filter: [2, 5, 2, 3], strides: [3, 2], pad: "valid" },
  { x: [1, 6, 6, 1], filter: [3, 3, 1, 1], strides: 1, pad: 1 },
  { x: [1, 6, 6, 2], filter: [2, 2, 2, 1], strides: 1, pad: 3 },
  { x: [2, 9, 9, 3], filter: [3, 3, 3, 1], strides: 2, pad: 1, dimRoundingMode: "floor" },
  { x: [2, 9, 8, 21], filter: [3, 3, 21, 1], strides: 2, pad: "same" },
  { x: [2, 7, 8, 21], filter: [5, 3, 21, 1], strides: [1, 2], pad: 2, dimRoundingMode: "floor" },
  { x: [1, 1, 12, 4], filter: [1, 5, 4, 1], strides: 1, pad: "same" },
];

const output = ({ x, filter, strides, pad, dimRoundingMode }: Convolution) =>
  tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, dimRoundingMode, true).outShape;

describe("DepthwiseConv2dNativeBackpropFilter", () => {
  const gradient = (g: Convolution, dtype: tf.DataType = "float32") => {
    const { strides, pad, dimRoundingMode } = g;
    const attrs = { strides, pad, dilations: 1, dimRoundingMode, filterShape: g.filter };
    const inputs = { x: tf.cast(tf.mul(random(g.x, 1), 3), dtype), dy: random(output(g), 2) };
    return kernel(tf.DepthwiseConv2dNativeBackpropFilter, inputs, attrs);
  };

  test.each(cases)("$x with $filter, strides $strides, pad $pad", async (g) => {
    await expectSameAsCpu(() => gradient(g));
  });

  test("integer images", async () => {
    await expectSameAsCpu(() => gradient(cases[0]!, "int32"));
  });
});

describe("DepthwiseConv2dNativeBackpropInput", () => {
  const gradient = (g: Convolution, dtype: tf.DataType = "float32") => {
    const { strides, pad, dimRoundingMode } = g;
    const attrs = { strides, pad, dilations: 1, dimRoundingMode, inputShape: g.x };
    const dy = tf.cast(tf.mul(random(output(g), 1), 3), dtype);
    const inputs = { dy, filter: random(g.filter, 2) };
    return kernel(tf.DepthwiseConv2dNativeBackpropInput, inputs, attrs);
  };

  test.each(cases)("$x with $filter, strides $strides, pad $pad", async (g) => {
    await expectSameAsCpu(() => gradient(g));
  });

  test("an integer gradient", async () => {
    await expectSameAsCpu(() => gradient(cases[0]!, "int32"));
  });
});

// cpu's kernels ignore dilations, so the forward pass is the reference: the gradients of
// y = conv(x, w) satisfy <dy, conv(x', w)> = <dx, x'> and <dy, conv(x, w')> = <dw, w'> for all x', w'.
describe.each([
  { x: [2, 9, 8, 3], filter: [3, 3, 3, 1], pad: "same", dilations: [2, 2] },
  { x: [2, 9, 8, 3], filter: [3, 2, 3, 2], pad: "valid", dilations: [2, 3] },
  { x: [1, 7, 9, 2], filter: [2, 3, 2, 1], pad: "valid", dilations: [4, 1] },
] as const)("dilations $dilations of $filter", ({ x, filter, pad, dilations }) => {
  const attrs = { strides: [1, 1], pad, dilations };
  const conv = (image: tf.Tensor, weights: tf.Tensor) =>
    kernel(tf.DepthwiseConv2dNative, { x: image, filter: weights }, attrs);
  const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b));

  test.each([3, 4, 5])("probe %i", async (seed) => {
    const { values } = await on("wasm", () => {
      const [image, weights] = [random([...x], 1), random([...filter], 2)];
      const dy = random(conv(image, weights).shape, 6);
      const [otherImage, otherWeights] = [random([...x], seed), random([...filter], seed)];
      const dx = kernel(
        tf.DepthwiseConv2dNativeBackpropInput,
        { dy, filter: weights },
        { ...attrs, inputShape: x },
      );
      const dw = kernel(
        tf.DepthwiseConv2dNativeBackpropFilter,
        { x: image, dy },
        { ...attrs, filterShape: filter },
      );
      return tf.stack([
        inner(dx, otherImage),
        inner(dw, otherWeights),
        inner(dy, conv(otherImage, weights)),
        inner(dy, conv(image, otherWeights)),
      ]);
    });
    expectClose(values.slice(0, 2), values.slice(2));
  });
});
