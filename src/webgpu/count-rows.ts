import * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel, runKernel, runProgram } from "./program.ts";

/** See `countRows` of `src/ops`. Rows outside 0…size − 1 are counted nowhere. */
function countRows(call: KernelCall<"drawn", { size: number }>): tf.TensorInfo {
  const { inputs, backend, attrs } = call;
  const { drawn } = inputs;
  const shape = [drawn.shape[0] as number, attrs.size];
  const zeros = runKernel(backend, tf.Fill, {}, { shape, value: 0, dtype: "int32" });
  const counts = runProgram(backend, {
    key: "countRows",
    inputs: { drawn },
    outputShape: shape,
    dtype: "int32",
    workgroups: Math.ceil(tf.util.sizeFromShape(drawn.shape) / 64),
    code: `
      fn main(index : i32) {
        let k = uniforms.drawnDataShape[1];
        let size = uniforms.outShape[1];
        if (index >= uniforms.drawnDataShape[0] * k) { return; }
        let row = drawn(index);
        if (row >= 0 && row < size) { atomicAdd(&result[(index / k) * size + row], 1); }
      }`,
    atomicOutput: zeros,
  });
  const result = runKernel(backend, tf.Cast, { x: counts }, { dtype: "float32" });
  backend.disposeData(counts.dataId);
  return result;
}

export const countRowsKernel = kernel("KdCmiCountRows", countRows);
