import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { addressOf, type ModuleFunctions, moduleOf } from "./module.ts";
import {
  type ConvInfo,
  imageRuns,
  scatterPatches,
  turnedFilter,
  turnedPadding,
} from "./patches.ts";
import {
  type KernelCall,
  memoryOf,
  replacement,
  reshape,
  run,
  shape4D,
  withTemporaries,
} from "./run.ts";
import { isWinograd, winogradInputGrad } from "./winograd.ts";

type Call = KernelCall<"dy" | "filter", tf.Conv2DBackpropInputAttrs>;

/** Patches of this many positions, and the image they are added to, stay in the cache. */
const POSITIONS = 512;

/** Up to so many channels of the input, the products of single taps have too few columns. */
const FEW_CHANNELS = 3;

/**
 * dL/dx of a 2-D convolution, which is also the forward pass of a transposed convolution. The
 * backend has this kernel as a plain loop of 4 GFLOP/s, which would take most of a training step.
 * This kernel computes the same sums at 40 GFLOP/s:
 * - at stride 1, as a convolution of dy with the filter rotated by 180° and its channels swapped, by
 *   Winograd's algorithm where it applies;
 * - otherwise, as a product of dy [positions, outChannels] with the filter
 *   [outChannels, kh·kw·inChannels], added to the positions that the taps read.
 *
 * NCHW and empty tensors are passed to the backend's kernel.
 */
export function conv2DInputKernel(stock: tf.KernelConfig): tf.KernelConfig {
  return replacement<Call>(stock, (call, original) => {
    const { inputs, backend, attrs } = call;
    const { dy, filter } = inputs;
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs;
    const isEmpty = [dy.shape, filter.shape, inputShape].some(
      (s) => tf.util.sizeFromShape(s) === 0,
    );
    if (dataFormat !== "NHWC" || isEmpty) return original(call);
    const info = tf.backend_util.computeConv2DInfo(
      inputShape,
      shape4D(filter),
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const module = [dy, filter].every(({ dtype }) => dtype === "float32") && moduleOf(backend);
    if (module && isWinograd(info)) return winogradInputGrad(backend, module, dy, filter, info);
    const padding = turnedPadding(info);
    const isPlain = info.strideHeight === 1 && info.strideWidth === 1 && Math.min(...padding) >= 0;
    if (isPlain) return byConvolution(backend, dy, filter, padding);
    if (module) return byRows(backend, module, dy, filter, info);
    return byProduct(backend, dy, filter, info);
  });
}

function byConvolution(
  backend: BackendWasm,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  [top, bottom, left, right]: ReturnType<typeof turnedPadding>,
): tf.TensorInfo {
  return withTemporaries(backend, (temporary) => {
    const turned = temporary(turnedFilter(backend, filter));
    const swapped = temporary(run(backend, tf.Transpose, { x: turned }, { perm: [0, 1, 3, 2] }));
    const pad = [[0, 0], [top, bottom], [left, right], [0, 0]]; // biome-ignore format: a matrix
    const attrs = { strides: 1, pad, dataFormat: "NHWC", dilations: 1 };
    return run(backend, tf.Conv2D, { x: dy, filter: swapped }, attrs);
  });
}

/** By the module: see `convInputGrad` and `convInputGradOfPatches` of src/wasm/module. */
function byRows(
  backend: BackendWasm,
  module: ModuleFunctions,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const dx = backend.makeOutput(info.inShape, "float32");
  const [from, to] = [addressOf(backend, dy), addressOf(backend, dx)];
  const geometry = [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  ] as const;
  return withTemporaries(backend, (temporary) => {
    if (info.inChannels > FEW_CHANNELS) {
      const swapped = temporary(run(backend, tf.Transpose, { x: filter }, { perm: [0, 1, 3, 2] }));
      module.convInputGrad(from, addressOf(backend, swapped), to, ...geometry);
      return dx;
    }
    const taps = info.filterHeight * info.filterWidth * info.inChannels;
    const columns = Math.ceil(taps / 4) * 4;
    const matrix = temporary(reshape(backend, filter, [taps, info.outChannels]));
    const turned = temporary(run(backend, tf.Transpose, { x: matrix }, { perm: [1, 0] }));
    const paddings = [[0, 0], [0, columns - taps]]; // biome-ignore format: a matrix
    const w = temporary(run(backend, tf.PadV2, { x: turned }, { paddings, constantValue: 0 }));
    const size = [info.outHeight * info.outWidth, columns];
    const patches = addressOf(backend, temporary(backend.makeOutput(size, "float32")));
    module.convInputGradOfPatches(from, addressOf(backend, w), to, patches, columns, ...geometry);
    return dx;
  });
}

/** By the backend's products. */
function byProduct(
  backend: BackendWasm,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const { inChannels, outChannels } = info;
  const area = info.outHeight * info.outWidth;
  const taps = info.filterHeight * info.filterWidth * inChannels;
  const dx = backend.makeOutput(info.inShape, "float32");
  memoryOf(backend, dx).fill(0);

  withTemporaries(backend, (temporary) => {
    const matrix = temporary(reshape(backend, filter, [taps, outChannels]));
    const b = temporary(run(backend, tf.Transpose, { x: matrix }, { perm: [1, 0] }));
    for (const [first, images] of imageRuns(info, POSITIONS)) {
      withTemporaries(backend, (temporary) => {
        const start = first * area * outChannels;
        const size = images * area * outChannels;
        const a = temporary(backend.makeOutput([images * area, outChannels], "float32"));
        memoryOf(backend, a).set(memoryOf(backend, dy).subarray(start, start + size));
        const flags = { transposeA: false, transposeB: false };
        const patches = temporary(run(backend, tf.BatchMatMul, { a, b }, flags));
        scatterPatches(memoryOf(backend, patches), memoryOf(backend, dx), info, first, images);
      });
    }
  });
  return dx;
}
