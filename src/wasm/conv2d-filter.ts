import * as tf from "@tensorflow/tfjs-core";
import { gatherPatches, imageRuns } from "./patches.ts";
import {
  type KernelCall,
  kernel,
  memoryOf,
  run,
  shape4D,
  toFloat,
  withTemporaries,
} from "./run.ts";

/** Output positions per product: its operands stay in the cache, and scratch memory is small. */
const POSITIONS = 1024;

/** Only NHWC is supported, as in the backend's own convolution. */
function assertChannelsLast(dataFormat: "NHWC" | "NCHW"): void {
  if (dataFormat === "NHWC") return;
  throw new Error(`Conv2DBackpropFilter: wasm supports dataFormat NHWC only, got ${dataFormat}`);
}

/**
 * dL/dfilter of a 2-D convolution: for tap k, Σ over positions p of x[p·stride + k − pad]ᵀ dy[p].
 *
 * For a few images at a time, the patches under the taps are laid out as
 * [kh·kw·inChannels, positions] and multiplied with dy [positions, outChannels]: one plain product,
 * which is fast on wasm. The products of all runs add up to the filter's gradient.
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
  const area = info.outHeight * info.outWidth;
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const sum = backend.makeOutput(filterShape, "float32");
  memoryOf(backend, sum).fill(0);

  withTemporaries(backend, (temporary) => {
    const dy = temporary(toFloat(backend, inputs.dy));
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
