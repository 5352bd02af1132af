import * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, memoryOf, replacement, shape4D } from "./run.ts";

type Call = KernelCall<"dy" | "input" | "output", tf.MaxPoolGradAttrs>;

/**
 * dL/dx of max pooling: the gradient of a window goes to its first largest element.
 *
 * The backend has this kernel, but it drops the gradient of each window whose maximum is not
 * positive (tfjs 4.22), so networks without a ReLU before the pooling get wrong gradients. It also
 * takes several times as long as this loop.
 */
export function maxPoolGradKernel(stock: tf.KernelConfig): tf.KernelConfig {
  return replacement<Call>(stock, ({ inputs, backend, attrs }) => {
    const { dy, input } = inputs;
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const info = tf.backend_util.computePool2DInfo(
      shape4D(input),
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const out = backend.makeOutput(input.shape, "float32");
    const dx = memoryOf(backend, out).fill(0);
    scatterToMaxima(backend.typedArrayFromHeap(input), memoryOf(backend, dy), dx, info);
    return out;
  });
}

function scatterToMaxima(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  dx: Float32Array,
  info: tf.backend_util.Conv2DInfo,
): void {
  const { inHeight, inWidth, outHeight, outWidth, inChannels: channels, padInfo } = info;
  for (let row = 0; row < info.batchSize * outHeight; row++) {
    const top = (row % outHeight) * info.strideHeight - padInfo.top;
    const [yFirst, yEnd] = [Math.max(0, top), Math.min(inHeight, top + info.filterHeight)];
    const image = Math.floor(row / outHeight) * inHeight;
    for (let column = 0; column < outWidth; column++) {
      const left = column * info.strideWidth - padInfo.left;
      const xFirst = Math.max(0, left);
      const xEnd = Math.min(inWidth, left + info.filterWidth);
      const output = (row * outWidth + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let largest = Number.NEGATIVE_INFINITY;
        let place = -1;
        for (let y = yFirst; y < yEnd; y++) {
          const start = (image + y) * inWidth;
          for (let i = start + xFirst; i < start + xEnd; i++) {
            const value = x[i * channels + channel]!;
            if (value > largest) {
              largest = value;
              place = i * channels + channel;
            }
          }
        }
        if (place >= 0) dx[place]! += dy[output + channel]!;
      }
    }
  }
}
