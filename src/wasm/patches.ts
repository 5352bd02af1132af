import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { memoryOf, shape4D } from "./run.ts";

/** The geometry of a 2-D convolution, NHWC. */
export type ConvInfo = tf.backend_util.Conv2DInfo;

/** Output columns [first, end) for which tap `kx` falls inside the image. */
export function columnsInside(info: ConvInfo, kx: number): [first: number, end: number] {
  const shift = info.padInfo.left - kx * info.dilationWidth;
  const first = Math.max(0, Math.ceil(shift / info.strideWidth));
  const end = Math.min(info.outWidth, Math.ceil((info.inWidth + shift) / info.strideWidth));
  return [Math.min(first, info.outWidth), Math.max(end, 0)];
}

/** The input row that tap `ky` of output row `y` reads. It may be outside the image. */
export const inputRow = (info: ConvInfo, y: number, ky: number): number =>
  y * info.strideHeight + ky * info.dilationHeight - info.padInfo.top;

/**
 * Copies the pixels under each tap to `patches` [kh, kw, inChannels, images, outHeight, outWidth],
 * zero outside the image. Positions are the last axis, so that a product with dy
 * [positions, outChannels] sums over them without a transpose flag.
 */
export function gatherPatches(
  x: ArrayLike<number>,
  patches: Float32Array,
  info: ConvInfo,
  firstImage: number,
  images: number,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideWidth } = info;
  const positions = images * outHeight * outWidth;
  const step = strideWidth * inChannels;
  for (let kx = 0; kx < info.filterWidth; kx++) {
    const [first, end] = columnsInside(info, kx);
    const shift = kx * info.dilationWidth - info.padInfo.left;
    for (let row = 0; row < images * outHeight; row++) {
      const image = firstImage + Math.floor(row / outHeight);
      for (let ky = 0; ky < info.filterHeight; ky++) {
        const y = inputRow(info, row % outHeight, ky);
        const inside = y >= 0 && y < inHeight && first < end;
        const from = ((image * inHeight + y) * inWidth + first * strideWidth + shift) * inChannels;
        const tap = (ky * info.filterWidth + kx) * inChannels;
        for (let channel = 0; channel < inChannels; channel++) {
          const start = (tap + channel) * positions + row * outWidth;
          if (!inside) {
            patches.fill(0, start, start + outWidth);
            continue;
          }
          for (let i = start; i < start + first; i++) patches[i] = 0;
          let source = from + channel;
          for (let i = start + first; i < start + end; i++, source += step) {
            patches[i] = x[source]!;
          }
          for (let i = start + end; i < start + outWidth; i++) patches[i] = 0;
        }
      }
    }
  }
}

/**
 * The transpose of reading patches: adds `patches` [images, outHeight, outWidth, kh, kw,
 * inChannels] to the entries of `dx` that the taps read.
 */
export function scatterPatches(
  patches: Float32Array,
  dx: Float32Array,
  info: ConvInfo,
  firstImage: number,
  images: number,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideWidth } = info;
  const step = strideWidth * inChannels;
  const patchSize = info.filterHeight * info.filterWidth * inChannels;
  for (let row = 0; row < images * outHeight; row++) {
    const image = firstImage + Math.floor(row / outHeight);
    for (let ky = 0; ky < info.filterHeight; ky++) {
      const y = inputRow(info, row % outHeight, ky);
      if (y < 0 || y >= inHeight) continue;
      for (let kx = 0; kx < info.filterWidth; kx++) {
        const [first, end] = columnsInside(info, kx);
        const shift = kx * info.dilationWidth - info.padInfo.left;
        const tap = (ky * info.filterWidth + kx) * inChannels;
        let source = (row * outWidth + first) * patchSize + tap;
        let target = ((image * inHeight + y) * inWidth + first * strideWidth + shift) * inChannels;
        for (let column = first; column < end; column++) {
          for (let c = 0; c < inChannels; c++) dx[target + c]! += patches[source + c]!;
          source += patchSize;
          target += step;
        }
      }
    }
  }
}

/**
 * Splits a batch into runs of images with about `positions` output positions in total, so that the
 * patches of a run and its product stay in the cache.
 */
export function imageRuns(info: ConvInfo, positions: number): [first: number, images: number][] {
  const perRun = Math.max(1, Math.round(positions / (info.outHeight * info.outWidth)));
  const runs = Math.ceil(info.batchSize / perRun);
  return Array.from({ length: runs }, (_, i) => [
    i * perRun,
    Math.min(perRun, info.batchSize - i * perRun),
  ]);
}

/** Top, bottom, left and right padding with which a stride-1 convolution of dy gives dx. */
export function turnedPadding(info: ConvInfo): [number, number, number, number] {
  const { top, bottom, left, right } = info.padInfo;
  const height = (info.filterHeight - 1) * info.dilationHeight;
  const width = (info.filterWidth - 1) * info.dilationWidth;
  return [height - top, height - bottom, width - left, width - right];
}

/** The filter rotated by 180°. The backend's Reverse takes 60 times as long as copying the taps. */
export function turnedFilter(backend: BackendWasm, filter: tf.TensorInfo): tf.TensorInfo {
  const [height, width] = shape4D(filter);
  const turned = backend.makeOutput(filter.shape, filter.dtype);
  const from = memoryOf(backend, filter);
  const to = memoryOf(backend, turned);
  const size = tf.util.sizeFromShape(filter.shape.slice(2));
  for (let start = 0, last = (height * width - 1) * size; last >= 0; start += size, last -= size) {
    to.set(from.subarray(last, last + size), start);
  }
  return turned;
}
