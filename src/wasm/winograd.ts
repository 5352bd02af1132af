import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";
import { addressOf, type ModuleFunctions } from "./module.ts";
import type { ConvInfo } from "./patches.ts";
import { withTemporaries } from "./run.ts";

/** Tiles whose transforms stay in the cache. A multiple of the rows of the module's products. */
const TILES = 24;

/** Fewer tiles are not worth the transform of the filter. */
const ENOUGH = 64;

/** Whether Winograd's algorithm applies: 3×3 taps at stride 1, and channels in multiples of 4. */
export function isWinograd(info: ConvInfo): boolean {
  const { batchSize, outHeight, outWidth, inChannels, outChannels } = info;
  const tiles = batchSize * Math.ceil(outHeight / 2) * Math.ceil(outWidth / 2);
  return (
    [info.filterHeight, info.filterWidth].every((size) => size === 3) &&
    [info.strideHeight, info.strideWidth].every((stride) => stride === 1) &&
    [info.dilationHeight, info.dilationWidth].every((dilation) => dilation === 1) &&
    inChannels % 4 === 0 &&
    outChannels % 4 === 0 &&
    tiles >= ENOUGH
  );
}

/** Sizes of the scratch, for both directions. */
const scratchSize = (inChannels: number, outChannels: number) =>
  16 * (inChannels * outChannels + TILES * (inChannels + outChannels) + inChannels);

/** The side of a convolution that a pass reads or writes. */
interface Side {
  height: number;
  width: number;
  channels: number;
}

const inputOf = ({ inHeight, inWidth, inChannels }: ConvInfo): Side => ({
  height: inHeight,
  width: inWidth,
  channels: inChannels,
});
const outputOf = ({ outHeight, outWidth, outChannels }: ConvInfo): Side => ({
  height: outHeight,
  width: outWidth,
  channels: outChannels,
});

function convolve(
  backend: BackendWasm,
  module: ModuleFunctions,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  out: tf.TensorInfo,
  [from, to]: [Side, Side],
  [top, left]: [number, number],
  isTurned: boolean,
): tf.TensorInfo {
  return withTemporaries(backend, (temporary) => {
    const size = scratchSize(from.channels, to.channels);
    const scratch = temporary(backend.makeOutput([size], "float32"));
    module.winogradConv(
      addressOf(backend, x),
      addressOf(backend, filter),
      addressOf(backend, out),
      addressOf(backend, scratch),
      TILES,
      x.shape[0]!,
      from.height,
      from.width,
      from.channels,
      to.height,
      to.width,
      to.channels,
      top,
      left,
      isTurned,
    );
    return out;
  });
}

/** A convolution. [64, 32, 32, 16], 16 filters: 8.5 ms, was 16. */
export function winogradConv(
  backend: BackendWasm,
  module: ModuleFunctions,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(info.outShape, "float32");
  const padding: [number, number] = [info.padInfo.top, info.padInfo.left];
  return convolve(backend, module, x, filter, out, [inputOf(info), outputOf(info)], padding, false);
}

/** The gradient by the input: a convolution of dy with the filter turned by 180°. */
export function winogradInputGrad(
  backend: BackendWasm,
  module: ModuleFunctions,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(info.inShape, "float32");
  const padding: [number, number] = [2 - info.padInfo.top, 2 - info.padInfo.left];
  return convolve(backend, module, dy, filter, out, [outputOf(info), inputOf(info)], padding, true);
}

/** The gradient by the filter. [64, 32, 32, 16], 16 filters: 8 ms, was 48. */
export function winogradFilterGrad(
  backend: BackendWasm,
  module: ModuleFunctions,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(info.filterShape, "float32");
  return withTemporaries(backend, (temporary) => {
    const size = scratchSize(info.inChannels, info.outChannels);
    const scratch = temporary(backend.makeOutput([size], "float32"));
    module.winogradFilterGrad(
      addressOf(backend, x),
      addressOf(backend, dy),
      addressOf(backend, out),
      addressOf(backend, scratch),
      TILES,
      info.batchSize,
      info.inHeight,
      info.inWidth,
      info.inChannels,
      info.outHeight,
      info.outWidth,
      info.outChannels,
      info.padInfo.top,
      info.padInfo.left,
    );
    return out;
  });
}
