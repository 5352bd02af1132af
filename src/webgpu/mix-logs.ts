import * as tf from "@tensorflow/tfjs-core";
import { safeLogKernel } from "./element-wise.ts";
import { type KernelCall, kernel, runKernel, runProgram } from "./program.ts";

/** Classes up to which a thread adds those of its entry. The backend's products have more threads. */
const FEW = 256;

/** Columns of a thread, which reads each weight once for all of them. */
const WIDTH = 4;

/**
 * See `mixLogs` of `src/ops`. A logarithm is taken only where its weight is not 0, which is one of a row for
 * one-hot labels.
 */
export const mixLogsKernel = kernel(
  "KdCmiMixLogs",
  ({ inputs, backend }: KernelCall<"weights" | "probabilities", object>): tf.TensorInfo => {
    const { weights, probabilities } = inputs;
    if (probabilities.shape[0]! > FEW) {
      const b = runKernel(backend, safeLogKernel.kernelName, { p: probabilities }, {});
      const flags = { transposeA: false, transposeB: false };
      const product = runKernel(backend, tf.BatchMatMul, { a: weights, b }, flags);
      backend.disposeData(b.dataId);
      return product;
    }
    const [rows, columns] = [weights.shape[0]!, probabilities.shape[1]!];
    const workgroupSize = 64;
    const threads = rows * Math.ceil(columns / WIDTH);
    return runProgram(backend, {
      key: "mixLogs",
      inputs: { t: weights, q: probabilities },
      outputShape: [rows, columns],
      workgroups: Math.ceil(threads / workgroupSize),
      workgroupSize,
      code: `
      const WIDTH = ${WIDTH};
      fn main(index : i32) {
        let classes = uniforms.qDataShape[0];
        let columns = uniforms.qDataShape[1];
        let across = (columns + WIDTH - 1) / WIDTH;
        let row = index / across;
        if (row >= uniforms.outShape[0]) { return; }
        let first = index % across * WIDTH;
        let last = columns - 1;
        let places = min(vec4<i32>(first, first + 1, first + 2, first + 3), vec4<i32>(last));
        var at = places;
        var sum = vec4<f32>(0.0);
        var largest = vec4<u32>(0u);
        for (var y = 0; y < classes; y++) {
          let weight = t(row * classes + y);
          let p = vec4<f32>(q(at.x), q(at.y), q(at.z), q(at.w));
          let bits = bitcast<u32>(weight) & 0x7fffffffu;
          if (bits != 0u) { sum += weight * log(max(p, vec4<f32>(1e-37))); }
          largest = max(largest, max(bitcast<vec4<u32>>(p) & vec4<u32>(0x7fffffffu), vec4<u32>(bits)));
          at += columns;
        }
        // NaN and infinities have the largest bits.
        let isFinite = largest < vec4<u32>(0x7f800000u);
        for (var i = 0; i < WIDTH; i++) {
          if (first + i < columns) {
            result[row * columns + first + i] = select(uniforms.NAN, sum[i], isFinite[i]);
          }
        }
      }`,
    });
  },
);
