import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { registerGradientKernels } from "../../src/webgpu/index.ts";
import { expectNoLeak, logitsOf } from "../support.ts";
import { expectSame } from "./support.ts";

beforeAll(registerGradientKernels);

type Shape4D = [number, number, number, number];

/** The shapes and attributes of a convolution. The filter of a depthwise one ends with its multiplier. */
interface Convolution {
  x: Shape4D;
  filter: Shape4D;
  strides?: number | [number, number];
  dilations?: number;
  pad?: "same" | "valid" | number;
}

/** The programs of this library that a computation runs, without their prefix. */
function programsOf(compute: () => unknown): string[] {
  const run = vi.spyOn(tf.backend() as WebGPUBackend, "runWebGPUProgram");
  tf.tidy(() => void compute());
  const keys = run.mock.calls.map(([{ shaderKey }]) => /^kdCmi_([a-zA-Z]+)/.exec(shaderKey)?.[1]);
  run.mockRestore();
  return keys.filter((key) => key !== undefined);
}

const random = (shape: number[], seed: number): tf.Tensor =>
  tf.reshape(logitsOf(1, tf.util.sizeFromShape(shape), seed), shape);

function gradient(isDepthwise: boolean, convolution: Convolution) {
  const { x, filter, strides = 1, dilations = 1, pad = "same" } = convolution;
  const info = tf.backend_util.computeConv2DInfo(
    x,
    filter,
    strides,
    dilations,
    pad,
    undefined,
    isDepthwise,
  );
  const name = isDepthwise ? tf.DepthwiseConv2dNativeBackpropFilter : tf.Conv2DBackpropFilter;
  const attrs = { strides, dilations, pad, dataFormat: "NHWC", filterShape: filter };
  const inputs = { x: random(x, 1), dy: random(info.outShape, 2) };
  const run = () => tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;
  return { info, inputs, run };
}

/** Σ over positions of x times dy, in float64. */
async function expected(isDepthwise: boolean, { info, inputs }: ReturnType<typeof gradient>) {
  const [x, dy] = (await Promise.all([inputs.x.array(), inputs.dy.array()])) as [
    number[][][][],
    number[][][][],
  ];
  const [height, width, inChannels, depth] = info.filterShape;
  const { padInfo, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const values: number[] = [];
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      for (let c = 0; c < inChannels; c++)
        for (let d = 0; d < depth; d++) {
          let sum = 0;
          for (const [b, image] of dy.entries())
            for (const [r, row] of image.entries())
              for (const [s, place] of row.entries()) {
                const y = r * strideHeight + i * dilationHeight - padInfo.top;
                const z = s * strideWidth + j * dilationWidth - padInfo.left;
                const pixel = x[b]![y]?.[z]?.[c] ?? 0;
                sum += pixel * place[isDepthwise ? c * depth + d : d]!;
              }
          values.push(sum);
        }
  return tf.tensor(values, info.filterShape);
}

const convolutions: Convolution[] = [
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 2] },
  { x: [2, 8, 9, 2], filter: [2, 4, 2, 3], strides: [3, 2], pad: "valid" },
  { x: [1, 9, 9, 3], filter: [3, 3, 3, 1], strides: 2, pad: 1 },
  { x: [2, 1, 12, 4], filter: [1, 5, 4, 1] },
  { x: [2, 4, 4, 6], filter: [1, 1, 6, 7] },
  { x: [67, 9, 3, 1], filter: [3, 3, 1, 2] }, // more rows than sums
];

describe.each([
  ["Conv2DBackpropFilter", false],
  ["DepthwiseConv2dNativeBackpropFilter", true],
])("%s", (_, isDepthwise) => {
  test.each(convolutions)("$x with $filter, strides $strides, pad $pad", async (convolution) => {
    const ours = gradient(isDepthwise, convolution);
    await expectSame([ours.run()], [await expected(isDepthwise, ours)]);
    expectNoLeak(ours.run);
    expect(programsOf(ours.run)).toEqual([
      isDepthwise ? "depthwiseFilterGradient" : "filterGradient",
      "sumOfParts",
    ]);
  });

  test("an empty batch gives zeros", async () => {
    const { run } = gradient(isDepthwise, { x: [0, 4, 4, 2], filter: [3, 3, 2, 2] });
    expect([...(await run().data())]).toEqual(new Array(36).fill(0));
  });

  test("NaN stays NaN, where it is multiplied", async () => {
    const { inputs, run } = gradient(isDepthwise, { x: [1, 3, 3, 2], filter: [1, 1, 2, 2] });
    inputs.x = tf.concat([tf.fill([1, 3, 3, 1], Number.NaN), tf.ones([1, 3, 3, 1])], 3);
    const values = [...(await run().data())];
    expect(values.map(Number.isNaN)).toEqual([true, true, false, false]);
  });
});

test("a depthwise convolution with dilations", async () => {
  const ours = gradient(true, { x: [2, 7, 8, 2], filter: [3, 2, 2, 2], dilations: 2 });
  await expectSame([ours.run()], [await expected(true, ours)]);
});

test("NCHW equals NHWC", async () => {
  const { inputs, run } = gradient(false, { x: [2, 5, 4, 3], filter: [3, 3, 3, 2] });
  const toChannelsFirst = (x: tf.Tensor) => tf.transpose(x, [0, 3, 1, 2]);
  const attrs = { strides: 1, pad: "same", dataFormat: "NCHW", filterShape: [3, 3, 3, 2] };
  const ofChannelsFirst = tf
    .engine()
    .runKernel<tf.Tensor>(
      tf.Conv2DBackpropFilter,
      { x: toChannelsFirst(inputs.x), dy: toChannelsFirst(inputs.dy) },
      attrs as tf.NamedAttrMap,
    );
  await expectSame([ofChannelsFirst], [run()]);
});

describe("FusedBatchNorm", () => {
  const epsilon = 0.01;

  type Vector = tf.Tensor1D;
  /** By x, mean, variance, scale and offset. */
  const gradients = tf.grads((x, mean, variance, scale, offset) =>
    tf.batchNorm(
      x!,
      mean as Vector,
      variance as Vector,
      offset as Vector,
      scale as Vector,
      epsilon,
    ),
  );

  test.each([
    [[5, 3, 2, 4]],
    [[700, 3]], // more rows than sums
  ])("gradients of %j", async (shape) => {
    const channels = shape.at(-1)!;
    const [x, dy, mean] = [random(shape, 1), random(shape, 2), random([channels], 3)];
    const [scale, offset] = [random([channels], 5), random([channels], 6)];
    const variance = tf.square(random([channels], 4));
    const args = [x, mean, variance, scale, offset];
    const values = await Promise.all([x, dy, mean, variance, scale].map((t) => t.data()));
    const [xs, dys, m, v, s] = values.map((numbers) => Array.from(numbers)) as number[][];
    const inverse = v!.map((value) => 1 / Math.sqrt(value + epsilon));
    const sums = v!.map(() => ({ dy: 0, dyx: 0 }));
    for (const [i, d] of dys!.entries()) {
      const c = i % channels;
      sums[c]!.dy += d;
      sums[c]!.dyx += d * (xs![i]! - m![c]!);
    }
    const ofChannels = (f: (sum: { dy: number; dyx: number }, i: number, s: number) => number) =>
      tf.tensor1d(sums.map((sum, c) => f(sum, inverse[c]!, s![c]!)));
    const dx = dys!.map((d, i) => d * s![i % channels]! * inverse[i % channels]!);
    await expectSame(gradients(args, dy), [
      tf.tensor(dx, shape),
      ofChannels(({ dy }, i, s) => -dy * s * i),
      ofChannels(({ dyx }, i, s) => -0.5 * dyx * s * i ** 3),
      ofChannels(({ dyx }, i) => dyx * i),
      ofChannels(({ dy }) => dy),
    ]);
    expectNoLeak(() => gradients(args, dy));
    expect(programsOf(() => gradients(args, dy))).toHaveLength(6);
  });

  test("statistics of every entry keep the gradient of tfjs", async () => {
    const [x, dy, mean, scale, offset] = [1, 2, 3, 4, 5].map((seed) => random([2, 3], seed));
    const variance = tf.square(random([2, 3], 6));
    const [dx] = gradients([x!, mean!, variance, scale!, offset!], dy!);
    const factor = tf.mul(scale!, tf.rsqrt(tf.add(variance, epsilon)));
    await expectSame([dx!], [tf.mul(dy!, factor)]);
  });
});

describe.each([
  ["sum", tf.sum],
  ["mean", tf.mean],
])("the gradient of %s", (name, reduce) => {
  test.each([
    [undefined, false],
    [[0, 1], false],
    [[1, 2], true],
    [[0, 2], false], // not neighbours
    [[1], false],
  ] as const)("over %j, keepDims %s", async (axis, keepDims) => {
    const x = random([4, 3, 2], 1);
    const axes = axis && [...axis];
    const f = (x: tf.Tensor) => reduce(x, axes, keepDims);
    const y = f(x);
    const dy = random(y.shape, 2);
    const factor = name === "mean" ? y.size / x.size : 1;
    const kept = tf.sum(x, axes, true).shape;
    const repeated = tf.add(tf.mul(tf.reshape(dy, kept), factor), tf.zeros(x.shape));
    await expectSame([tf.grad(f)(x, dy)], [repeated]);
    expectNoLeak(() => tf.grad(f)(x, dy));
    const isNeighbours = `${axis}` !== "0,2";
    expect(programsOf(() => tf.grad(f)(x, dy))).toEqual(isNeighbours ? ["repeat"] : []);
  });

  test("has a gradient itself", async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const second = tf.grad((x) => tf.sum(tf.grad((x) => reduce(tf.mul(tf.square(x), x)))(x)))(x);
    const factor = name === "mean" ? 1 / 3 : 1;
    await expectSame([second], [tf.mul(x, 6 * factor)]);
  });
});
