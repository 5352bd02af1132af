import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel, runKernel, runProgram } from "./program.ts";

/** Enough threads to fill a large GPU. */
const THREADS = 2 ** 18;
/** The most sums that a thread of the second dispatch adds. */
const PARTS = 256;

type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
type Shape4D = [number, number, number, number];

/**
 * dL/dfilter of a 2-D convolution, NHWC: for tap k, Σ over positions p of x[p·stride + k·dilation − pad]
 * times dy[p]. The backend's kernel has a thread for each entry of the filter, which passes over all
 * positions of the batch. Here the rows of positions are split among threads, and a second dispatch adds
 * their sums.
 *
 * @param channels WGSL that defines the channels `inChannel` of x and `outChannel` of dy by the number
 *   `rest` of an entry of the filter at a tap, and reduces `rest` to the number of the tap.
 */
function filterGradient(
  backend: WebGPUBackend,
  key: string,
  { x, dy }: Record<"x" | "dy", tf.TensorInfo>,
  info: ConvInfo,
  channels: string,
): tf.TensorInfo {
  const size = tf.util.sizeFromShape(info.filterShape);
  const rows = info.batchSize * info.outHeight;
  if (rows === 0) {
    const zeros = { shape: [...info.filterShape], value: 0, dtype: "float32" as const };
    return runKernel(backend, tf.Fill, {}, zeros);
  }
  const rowsEach = Math.ceil(rows / Math.min(PARTS, Math.ceil(THREADS / size)));
  const parts = runProgram(backend, {
    key,
    inputs: { x, dy },
    outputShape: [Math.ceil(rows / rowsEach), size],
    uniforms: {
      rowsEach,
      width: info.filterWidth,
      strideY: info.strideHeight,
      strideX: info.strideWidth,
      dilationY: info.dilationHeight,
      dilationX: info.dilationWidth,
      top: info.padInfo.top,
      left: info.padInfo.left,
      depth: info.filterShape[3],
    },
    code: `
      fn main(index : i32) {
        if (index >= uniforms.size) { return; }
        let size = uniforms.outShape[1];
        let inShape = uniforms.xDataShape;
        let outShape = uniforms.dyDataShape;
        let depth = i32(uniforms.depth);
        var rest = index % size;
        ${channels}
        let tapY = (rest / i32(uniforms.width)) * i32(uniforms.dilationY) - i32(uniforms.top);
        let tapX = (rest % i32(uniforms.width)) * i32(uniforms.dilationX) - i32(uniforms.left);
        let strideY = i32(uniforms.strideY);
        let strideX = i32(uniforms.strideX);
        let first = (index / size) * i32(uniforms.rowsEach);
        let last = min(first + i32(uniforms.rowsEach), outShape[0] * outShape[1]);
        var sum = 0.0;
        for (var row = first; row < last; row++) {
          let y = (row % outShape[1]) * strideY + tapY;
          if (y < 0 || y >= inShape[1]) { continue; }
          let start = ((row / outShape[1]) * inShape[1] + y) * inShape[2];
          for (var column = 0; column < outShape[2]; column++) {
            let across = column * strideX + tapX;
            if (across < 0 || across >= inShape[2]) { continue; }
            sum += f32(x((start + across) * inShape[3] + inChannel)) *
              f32(dy((row * outShape[2] + column) * outShape[3] + outChannel));
          }
        }
        result[index] = sum;
      }`,
  });
  const sum = runProgram(backend, {
    key: "sumOfParts",
    inputs: { parts },
    outputShape: [...info.filterShape],
    code: `
      fn main(index : i32) {
        if (index >= uniforms.size) { return; }
        var sum = 0.0;
        for (var i = 0; i < uniforms.partsDataShape[0]; i++) { sum += parts(i * uniforms.size + index); }
        result[index] = sum;
      }`,
  });
  backend.disposeData(parts.dataId);
  return sum;
}

/** For NHWC. The backend's own kernel serves NCHW. */
export const conv2DFilterKernel = (stock: tf.KernelConfig): tf.KernelConfig =>
  kernel(
    tf.Conv2DBackpropFilter,
    (call: KernelCall<"x" | "dy", tf.Conv2DBackpropFilterAttrs>): tf.TensorInfo => {
      const { inputs, backend, attrs } = call;
      const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
      if (dataFormat !== "NHWC") return (stock.kernelFunc as unknown as Kernel)(call);
      const shape = inputs.x.shape as Shape4D;
      const { computeConv2DInfo } = tf.backend_util;
      const info = computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
      return filterGradient(
        backend,
        "filterGradient",
        inputs,
        info,
        `let outChannel = rest % depth;
        rest /= depth;
        let inChannel = rest % inShape[3];
        rest /= inShape[3];`,
      );
    },
  );

type Kernel = (call: KernelCall<"x" | "dy", tf.Conv2DBackpropFilterAttrs>) => tf.TensorInfo;

/** The filter's last dimension counts the outputs of each channel. */
export const depthwiseFilterKernel: tf.KernelConfig = kernel(
  tf.DepthwiseConv2dNativeBackpropFilter,
  (call: KernelCall<"x" | "dy", tf.DepthwiseConv2dNativeBackpropFilterAttrs>) => {
    const { inputs, backend, attrs } = call;
    const { strides, dilations, pad, dimRoundingMode, filterShape } = attrs;
    const shape = inputs.x.shape as Shape4D;
    const { computeConv2DInfo } = tf.backend_util;
    const info = computeConv2DInfo(
      shape,
      filterShape,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    );
    return filterGradient(
      backend,
      "depthwiseFilterGradient",
      inputs,
      info,
      `let outChannel = rest % outShape[3];
      let inChannel = outChannel / depth;
      rest /= outShape[3];`,
    );
  },
);
