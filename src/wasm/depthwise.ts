import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { addressOf, moduleOf } from "./module.ts";
import { type ConvInfo, columnsInside, inputRow, turnedFilter, turnedPadding } from "./patches.ts";
import { type KernelCall, kernel, memoryOf, run, shape4D, withTemporaries } from "./run.ts";

type Shape4D = ReturnType<typeof shape4D>;

type Geometry = Pick<
  tf.DepthwiseConv2dNativeBackpropFilterAttrs,
  "strides" | "dilations" | "pad" | "dimRoundingMode"
>;

const depthwiseInfo = (input: Shape4D, filter: Shape4D, attrs: Geometry): ConvInfo =>
  tf.backend_util.computeConv2DInfo(
    input,
    filter,
    attrs.strides,
    attrs.dilations,
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  );

/**
 * Calls `visit` with the offsets of each pair of an output pixel and an input pixel under a tap.
 */
function forEachTap(
  info: ConvInfo,
  visit: (input: number, output: number, tap: number) => void,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, strideWidth } = info;
  for (let ky = 0; ky < info.filterHeight; ky++) {
    for (let kx = 0; kx < info.filterWidth; kx++) {
      const tap = (ky * info.filterWidth + kx) * outChannels;
      const [first, end] = columnsInside(info, kx);
      const shift = kx * info.dilationWidth - info.padInfo.left;
      for (let row = 0; row < info.batchSize * outHeight; row++) {
        const y = inputRow(info, row % outHeight, ky);
        if (y < 0 || y >= inHeight) continue;
        const inputStart = (Math.floor(row / outHeight) * inHeight + y) * inWidth + shift;
        for (let column = first; column < end; column++) {
          const input = (inputStart + column * strideWidth) * inChannels;
          visit(input, (row * outWidth + column) * outChannels, tap);
        }
      }
    }
  }
}

/** The arguments of the module's gradients after the addresses. */
const geometryOf = (info: ConvInfo) =>
  [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ] as const;

/** The module, if it can be used: for float32 and one filter for each channel. */
const moduleFor = (backend: BackendWasm, info: ConvInfo, ...tensors: tf.TensorInfo[]) =>
  info.outChannels === info.inChannels && tensors.every(({ dtype }) => dtype === "float32")
    ? moduleOf(backend)
    : undefined;

/**
 * dL/dfilter of a depthwise convolution: dw[k, c, m] = Σ over positions p of
 * x[p·stride + k·dilation − pad, c] · dy[p, c·M + m], M the channel multiplier.
 *
 * This is not a matrix product, so it is a loop over the heap, of the module for M = 1, otherwise summed
 * in float64. The 17 of MobileNetV2: 20 ms, were 330.
 */
function backpropFilter(
  call: KernelCall<"x" | "dy", tf.DepthwiseConv2dNativeBackpropFilterAttrs>,
): tf.TensorInfo {
  const { backend, attrs, inputs } = call;
  const info = depthwiseInfo(shape4D(inputs.x), attrs.filterShape, attrs);
  const out = backend.makeOutput(info.filterShape, "float32");
  const module = moduleFor(backend, info, inputs.x, inputs.dy);
  if (module) {
    const [x, dy, dw] = [inputs.x, inputs.dy, out].map((t) => addressOf(backend, t));
    module.depthwiseFilterGrad(x!, dy!, dw!, ...geometryOf(info));
    return out;
  }
  const x = backend.typedArrayFromHeap(inputs.x);
  const dy = backend.typedArrayFromHeap(inputs.dy);
  const { inChannels } = info;
  const multiplier = info.outChannels / inChannels;
  const sums = new Float64Array(tf.util.sizeFromShape(info.filterShape));
  forEachTap(info, (input, output, tap) => {
    for (let c = 0; c < inChannels; c++) {
      const value = x[input + c]!;
      const start = c * multiplier;
      for (let i = start; i < start + multiplier; i++) sums[tap + i]! += value * dy[output + i]!;
    }
  });
  memoryOf(backend, out).set(sums);
  return out;
}

/**
 * dL/dx of a depthwise convolution: dx[p·stride + k·dilation − pad, c] = Σ over k and m of
 * dy[p, c·M + m] · w[k, c, m].
 *
 * With stride 1 and multiplier 1, this is a depthwise convolution with the filter rotated by 180°,
 * for which the backend is several times faster than the loop.
 */
function backpropInput(
  call: KernelCall<"dy" | "filter", tf.DepthwiseConv2dNativeBackpropInputAttrs>,
): tf.TensorInfo {
  const { backend, attrs, inputs } = call;
  const { dy, filter } = inputs;
  const info = depthwiseInfo(attrs.inputShape, shape4D(filter), attrs);
  const isPlain =
    info.strideHeight === 1 && info.strideWidth === 1 && info.outChannels === info.inChannels;
  const module = isPlain ? undefined : moduleFor(backend, info, dy, filter);
  if (module) {
    const out = backend.makeOutput(info.inShape, "float32");
    const [from, w, dx] = [dy, filter, out].map((t) => addressOf(backend, t));
    module.depthwiseInputGrad(from!, w!, dx!, ...geometryOf(info));
    return out;
  }
  const isFloat = dy.dtype === "float32" && filter.dtype === "float32";
  const padding = turnedPadding(info);
  return isPlain && isFloat && Math.min(...padding) >= 0
    ? byConvolution(backend, dy, filter, info, padding)
    : byLoop(backend, dy, filter, info);
}

function byConvolution(
  backend: BackendWasm,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
  [top, bottom, left, right]: ReturnType<typeof turnedPadding>,
): tf.TensorInfo {
  return withTemporaries(backend, (temporary) => {
    const turned = temporary(turnedFilter(backend, filter));
    const attrs = {
      strides: [1, 1],
      pad: [[0, 0], [top, bottom], [left, right], [0, 0]], // biome-ignore format: a matrix
      dilations: [info.dilationHeight, info.dilationWidth],
    };
    return run(backend, tf.DepthwiseConv2dNative, { x: dy, filter: turned }, attrs);
  });
}

function byLoop(
  backend: BackendWasm,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(info.inShape, "float32");
  const dx = memoryOf(backend, out).fill(0);
  const gradient = backend.typedArrayFromHeap(dy);
  const weights = backend.typedArrayFromHeap(filter);
  const { inChannels } = info;
  const multiplier = info.outChannels / inChannels;
  forEachTap(info, (input, output, tap) => {
    for (let c = 0; c < inChannels; c++) {
      const start = c * multiplier;
      let sum = 0;
      for (let i = start; i < start + multiplier; i++)
        sum += gradient[output + i]! * weights[tap + i]!;
      dx[input + c]! += sum;
    }
  });
  return out;
}

export const depthwiseFilterKernel = kernel(tf.DepthwiseConv2dNativeBackpropFilter, backpropFilter);
export const depthwiseInputKernel = kernel(tf.DepthwiseConv2dNativeBackpropInput, backpropInput);
