import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { addressOf, type ModuleFunctions, moduleOf } from "./module.ts";
import { type ConvInfo, gatherPatches, imageRuns } from "./patches.ts";
import {
  type KernelCall,
  kernel,
  memoryOf,
  run,
  shape4D,
  toFloat,
  withTemporaries,
} from "./run.ts";
import { isWinograd, winogradFilterGrad } from "./winograd.ts";

/** Output positions per product: its operands stay in the cache, and scratch memory is small. */
const POSITIONS = 1024;

/** Only NHWC is supported, as in the backend's own convolution. */
function assertChannelsLast(dataFormat: "NHWC" | "NCHW"): void {
  if (dataFormat === "NHWC") return;
  throw new Error(`Conv2DBackpropFilter: wasm supports dataFormat NHWC only, got ${dataFormat}`);
}

/**
 * dL/dfilter of a 2-D convolution: for tap k, Σ over positions p of x[p·stride + k − pad]ᵀ dy[p].
 */
function conv2DBackpropFilter(
  call: KernelCall<"x" | "dy", tf.Conv2DBackpropFilterAttrs>,
): tf.TensorInfo {
  const { backend, attrs, inputs } = call;
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
  assertChannelsLast(dataFormat);
  const { x } = inputs;
  const info = tf.backend_util.computeConv2DInfo(
    shape4D(x),
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const module = moduleOf(backend);
  if (module) {
    return withTemporaries(backend, (temporary) => {
      const [x, dy] = [inputs.x, inputs.dy].map((t) => temporary(toFloat(backend, t)));
      if (isWinograd(info)) return winogradFilterGrad(backend, module, x!, dy!, info);
      return byOuterProducts(backend, module, x!, dy!, info);
    });
  }
  return byProducts(backend, inputs.x, inputs.dy, info);
}

/**
 * The gradient by the module: one sum of outer products for each tap and row of positions.
 * [64, 32, 32, 16], 16 filters of 3×3: 13 ms, was 48.
 */
function byOuterProducts(
  backend: BackendWasm,
  module: ModuleFunctions,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const sum = backend.makeOutput(info.filterShape, "float32");
  memoryOf(backend, sum).fill(0);
  const addresses = [x, dy, sum].map((t) => addressOf(backend, t)) as [number, number, number];
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  if (isPointwise(info)) {
    const positions = batchSize * outHeight * outWidth;
    module.pointwiseFilterGrad(...addresses, positions, inChannels, outChannels);
    return sum;
  }
  module.convFilterGrad(
    ...addresses,
    batchSize,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  );
  return sum;
}

/** Whether input and output have the same positions, because the only tap reads each once. */
const isPointwise = (info: ConvInfo) =>
  info.filterHeight * info.filterWidth * info.strideHeight * info.strideWidth === 1 &&
  info.outHeight === info.inHeight &&
  info.outWidth === info.inWidth;

/**
 * The gradient by the backend's products. For a few images at a time, the patches under the taps are
 * laid out as [kh·kw·inChannels, positions] and multiplied with dy [positions, outChannels]: one plain
 * product, which is fast on wasm. The products of all runs add up to the filter's gradient.
 */
function byProducts(
  backend: BackendWasm,
  x: tf.TensorInfo,
  dyOfAnyType: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const area = info.outHeight * info.outWidth;
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const sum = backend.makeOutput(info.filterShape, "float32");
  memoryOf(backend, sum).fill(0);

  withTemporaries(backend, (temporary) => {
    const dy = temporary(toFloat(backend, dyOfAnyType));
    for (const [first, images] of imageRuns(info, POSITIONS)) {
      withTemporaries(backend, (temporary) => {
        const positions = images * area;
        const a = temporary(backend.makeOutput([taps, positions], "float32"));
        // A right operand must be a new tensor: XNNPACK caches it in packed form under its id.
        const b = temporary(backend.makeOutput([positions, info.outChannels], "float32"));
        gatherPatches(memoryOf(backend, x), memoryOf(backend, a), info, first, images);
        const start = first * area * info.outChannels;
        memoryOf(backend, b).set(
          memoryOf(backend, dy).subarray(start, start + positions * info.outChannels),
        );
        const flags = { transposeA: false, transposeB: false };
        const product = temporary(run(backend, tf.BatchMatMul, { a, b }, flags));
        addTo(memoryOf(backend, sum), memoryOf(backend, product));
      });
    }
  });
  return sum;
}

function addTo(sum: Float32Array, terms: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += terms[i]!;
}

export const conv2DFilterKernel = kernel(tf.Conv2DBackpropFilter, conv2DBackpropFilter);
