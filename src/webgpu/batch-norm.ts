import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { BATCH_NORM_GRAD } from "../internal/network-gradients.ts";
import { type KernelCall, kernel, type Program, runProgram } from "./program.ts";

type Call = KernelCall<"dy" | "x" | "mean" | "variance" | "scale", tf.FusedBatchNormAttrs>;

/** Runs of rows that are summed at once. */
const PARTS = 256;

/**
 * The gradients of batch normalisation, y = (x − mean) · scale · (variance + ε)^−½ + offset, by x, mean,
 * variance, scale and offset. All but the first follow from Σ dy and Σ dy (x − mean) of each channel.
 */
function batchNormGrad({ inputs, backend, attrs }: Call): tf.TensorInfo[] {
  const { dy, x, mean, variance, scale } = inputs;
  const epsilon = { epsilon: attrs.varianceEpsilon };
  const inverse = "inverseSqrt(variance(c) + uniforms.epsilon)";
  const factor = `(scale(c) * ${inverse})`;
  const statistics = { variance, scale };
  const dx = runProgram(backend, {
    key: "batchNormGradX",
    inputs: { dy, ...statistics },
    outputShape: dy.shape,
    uniforms: epsilon,
    code: `
      fn main(index : i32) {
        if (index >= uniforms.size) { return; }
        let c = index % uniforms.varianceDataShape;
        result[index] = dy(index) * ${factor};
      }`,
  });
  const sums = partialSums(backend, { dy, x, mean });
  const ofChannels = (name: string, values: Program["inputs"], value: string) =>
    runProgram(backend, {
      key: `batchNormGrad${name}`,
      inputs: { sums, ...values },
      outputShape: mean.shape,
      uniforms: epsilon,
      code: `
        fn main(c : i32) {
          if (c >= uniforms.size) { return; }
          var sum = vec2<f32>(0.0);
          for (var i = 0; i < uniforms.sumsDataShape[0]; i++) {
            let first = 2 * i * uniforms.size + c;
            sum += vec2<f32>(sums(first), sums(first + uniforms.size));
          }
          result[c] = ${value};
        }`,
    });
  const others = [
    ofChannels("Mean", statistics, `-sum.x * ${factor}`),
    ofChannels(
      "Variance",
      statistics,
      `-0.5 * sum.y * ${factor} / (variance(c) + uniforms.epsilon)`,
    ),
    ofChannels("Scale", { variance }, `sum.y * ${inverse}`),
    ofChannels("Offset", {}, "sum.x"),
  ];
  backend.disposeData(sums.dataId);
  return [dx, ...others];
}

/** Σ dy and Σ dy (x − mean) of each channel over runs of rows, [runs, 2, channels]. */
function partialSums(
  backend: WebGPUBackend,
  inputs: Record<"dy" | "x" | "mean", tf.TensorInfo>,
): tf.TensorInfo {
  const channels = inputs.mean.shape[0]!;
  const rows = tf.util.sizeFromShape(inputs.x.shape) / channels;
  const rowsEach = Math.ceil(rows / PARTS);
  const parts = Math.ceil(rows / rowsEach);
  return runProgram(backend, {
    key: "batchNormSums",
    inputs,
    outputShape: [parts, 2, channels],
    uniforms: { rows, rowsEach },
    workgroups: Math.ceil((parts * channels) / 64),
    code: `
      fn main(index : i32) {
        let channels = uniforms.outShape[2];
        let part = index / channels;
        let c = index % channels;
        if (part >= uniforms.outShape[0]) { return; }
        let first = part * i32(uniforms.rowsEach);
        let last = min(first + i32(uniforms.rowsEach), i32(uniforms.rows));
        var sum = vec2<f32>(0.0);
        for (var row = first; row < last; row++) {
          let i = row * channels + c;
          sum += dy(i) * vec2<f32>(1.0, x(i) - mean(c));
        }
        result[2 * part * channels + c] = sum.x;
        result[(2 * part + 1) * channels + c] = sum.y;
      }`,
  });
}

export const batchNormGradKernel = kernel(BATCH_NORM_GRAD, batchNormGrad);
