import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";

/** A program of the webgpu backend. Only what a kernel chooses. */
export interface Program {
  /** Names the WGSL, which must be the same whenever the key is. */
  key: string;
  /**
   * Tensors by name. The code reads entry i of the tensor `x` by `x(i)`, which is f32 for float32 and i32
   * for other dtypes, and its shape by `uniforms.xDataShape`. It must read each.
   */
  inputs: Record<string, tf.TensorInfo>;
  outputShape: number[];
  /** Default float32. */
  dtype?: "float32" | "int32" | undefined;
  /** float32 numbers by name, read as `uniforms.name`. `uniforms.size` is the size of the result. */
  uniforms?: Record<string, number> | undefined;
  /** Default one thread for each entry of the result. */
  workgroups?: number | undefined;
  /** Default 64. */
  workgroupSize?: number | undefined;
  /** Defines `fn main(index : i32)`, where `index` counts threads. It uses `uniforms`. */
  code: string;
  /** A tensor of zeros that `result`, an array of atomic i32, adds to. */
  atomicOutput?: tf.TensorInfo | undefined;
}

/** The argument of a kernel function of the webgpu backend. */
export interface KernelCall<InputName extends string, Attrs> {
  inputs: Record<InputName, tf.TensorInfo>;
  backend: WebGPUBackend;
  attrs: Attrs;
}

/** The configuration of a kernel function of the webgpu backend. */
export const kernel = <Call>(
  kernelName: string,
  kernelFunc: (call: Call) => tf.TensorInfo | tf.TensorInfo[],
): tf.KernelConfig => ({
  kernelName,
  backendName: "webgpu",
  kernelFunc: kernelFunc as unknown as tf.KernelFunc,
});

/** Runs a program in one dispatch. The result of a shape with a 0 is empty, and nothing runs. */
export function runProgram(backend: WebGPUBackend, program: Program): tf.TensorInfo {
  const { key, inputs, outputShape, dtype = "float32", uniforms = {}, code } = program;
  const { workgroupSize = 64, atomicOutput } = program;
  const { workgroups = Math.ceil(tf.util.sizeFromShape(outputShape) / workgroupSize) } = program;
  const dtypes = Object.values(inputs).map((input) => input.dtype);
  return backend.runWebGPUProgram(
    {
      variableNames: Object.keys(inputs).map((name) => `${name}Data`),
      outputShape,
      dispatchLayout: { x: [0] },
      dispatch: [workgroups, 1, 1],
      workgroupSize: [workgroupSize, 1, 1],
      shaderKey: `kdCmi_${key}_${dtypes}`,
      size: true,
      uniforms: Object.keys(uniforms)
        .map((name) => `${name} : f32,`)
        .join(" "),
      atomic: atomicOutput !== undefined,
      getUserCode: () => [...Object.entries(inputs).map(accessor), code].join("\n"),
    },
    Object.values(inputs),
    dtype,
    Object.values(uniforms).map((value) => ({ type: "float32", data: [value] })),
    atomicOutput,
  );
}

/** A tensor of float32 may be stored as i32: the backend's cast from int32 keeps the data. */
function accessor([name, { dtype }]: [string, tf.TensorInfo]): string {
  const type = dtype === "float32" ? "f32" : "i32";
  return `fn ${name}(i : i32) -> ${type} { return ${type}(${name}Data[i]); }`;
}

/** Runs a kernel of the backend without the engine. The caller disposes the result. */
export function runKernel(
  backend: WebGPUBackend,
  kernelName: string,
  inputs: Record<string, tf.TensorInfo>,
  attrs: tf.NamedAttrMap,
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, "webgpu");
  return kernelFunc({ inputs, backend, attrs }) as tf.TensorInfo;
}
