import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import {
  type Convolution,
  convolutions,
  expectSameAsCpu,
  kernel,
  type Padding,
  random,
  type Shape4D,
} from "./support.ts";

beforeAll(registerTrainingKernels);

function filterGradient({ x, filter, strides, pad, dimRoundingMode }: Convolution) {
  const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, dimRoundingMode);
  const attrs = { strides, pad, dataFormat: "NHWC", dimRoundingMode, filterShape: filter };
  const inputs = { x: random(x, 1), dy: random(info.outShape, 2) };
  return kernel(tf.Conv2DBackpropFilter, inputs, attrs);
}

describe("Conv2DBackpropFilter", () => {
  test.each(convolutions)("$x with $filter, strides $strides, pad $pad", async (geometry) => {
    await expectSameAsCpu(() => filterGradient(geometry));
  });

  test("a batch in several chunks of images, the last one shorter", async () => {
    const geometry: Convolution = {
      x: [7, 20, 20, 2],
      filter: [3, 3, 2, 3],
      strides: 1,
      pad: "same",
    };
    await expectSameAsCpu(() => filterGradient(geometry));
  });

  test.each(["int32", "bool"] as const)("%s images, %s gradients", async (dtype) => {
    const attrs = { strides: 1, pad: "same", dataFormat: "NHWC", filterShape: [2, 2, 1, 1] };
    const discrete = () => tf.tensor4d([1, 0, 1, 1, 0, 0, 1, 0, 1], [1, 3, 3, 1], dtype);
    const real = () => random([1, 3, 3, 1], 1);
    await expectSameAsCpu(() =>
      kernel(tf.Conv2DBackpropFilter, { x: discrete(), dy: real() }, attrs),
    );
    await expectSameAsCpu(() =>
      kernel(tf.Conv2DBackpropFilter, { x: real(), dy: discrete() }, attrs),
    );
  });

  test("rejects NCHW", async () => {
    await tf.setBackend("wasm");
    const attrs = { strides: 1, pad: "same", dataFormat: "NCHW", filterShape: [1, 1, 2, 3] };
    const inputs = { x: tf.ones([1, 2, 4, 4]), dy: tf.ones([1, 3, 4, 4]) };
    expect(() => kernel(tf.Conv2DBackpropFilter, inputs, attrs)).toThrow(
      "Conv2DBackpropFilter: wasm supports dataFormat NHWC only, got NCHW",
    );
  });

  test("any geometry", async () => {
    const size = (max: number) => fc.integer({ min: 1, max });
    const geometry = fc
      .record({
        batch: size(3),
        height: size(8),
        width: size(8),
        channels: size(4),
        outChannels: size(5),
        kernel: fc.tuple(size(4), size(4)),
        strides: fc.tuple(size(3), size(3)),
        pad: fc.constantFrom<Padding>("same", "valid", 1, 2),
      })
      .filter(
        ({ height, width, kernel: [kh, kw], pad }) =>
          pad === "same" || Math.min(height - kh, width - kw) >= 0,
      );
    await fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        const x: Shape4D = [g.batch, g.height, g.width, g.channels];
        const filter: Shape4D = [...g.kernel, g.channels, g.outChannels];
        await expectSameAsCpu(() => filterGradient({ x, filter, strides: g.strides, pad: g.pad }));
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});
