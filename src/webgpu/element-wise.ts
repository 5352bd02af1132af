import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel, runProgram } from "./program.ts";
import { EACH, runRows } from "./row-program.ts";

/** A kernel of x in which NaN and infinities give NaN. `expression` is of a finite `x`. */
const finiteMap = (kernelName: string, inputName: string, expression: string) =>
  kernel(kernelName, ({ inputs, backend }: KernelCall<string, object>): tf.TensorInfo => {
    const input = inputs[inputName] as tf.TensorInfo;
    return runProgram(backend, {
      key: kernelName,
      inputs: { xs: input },
      outputShape: input.shape,
      code: `
      fn main(index : i32) {
        if (index >= uniforms.size) { return; }
        let x = xs(index);
        let isFinite = (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u;
        result[index] = select(uniforms.NAN, ${expression}, isFinite);
      }`,
    });
  });

export const atLeastTinyKernel = finiteMap("KdCmiAtLeastTiny", "x", "max(x, 1e-37)");

export const safeLogKernel = finiteMap("KdCmiSafeLog", "p", "log(max(x, 1e-37))");

/** See `classIndices` of `src/ops`. */
export const classIndicesKernel = kernel(
  "KdCmiClassIndices",
  ({ inputs, backend }: KernelCall<"rows", object>): tf.TensorInfo =>
    runRows(backend, {
      key: "classIndices",
      inputs: { y: inputs.rows },
      body: `
        let state = VALID;
        var place = 0.0;
        ${EACH} { place += f32(c) * f32(y(first + c)); }
        place = rowSum(place);`,
      value: "i32(clamp(place, 0.0, f32(columns - 1)))",
      dtype: "int32",
    }),
);
