import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

/** What tfjs hands a kernel function of the wasm backend. */
export interface KernelCall<InputName extends string, Attrs> {
  inputs: Record<InputName, tf.TensorInfo>;
  backend: BackendWasm;
  attrs: Attrs;
}

/** Names a kernel function of the wasm backend. */
export const kernel = <InputName extends string, Attrs>(
  kernelName: string,
  kernelFunc: (call: KernelCall<InputName, Attrs>) => tf.TensorInfo,
): tf.KernelConfig => ({
  kernelName,
  backendName: "wasm",
  kernelFunc: kernelFunc as unknown as tf.KernelFunc,
});

/** Runs another kernel of the backend, past the engine: the caller disposes the result. */
export function run(
  backend: BackendWasm,
  kernelName: string,
  inputs: Record<string, tf.TensorInfo>,
  attrs: Record<string, unknown> = {},
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, "wasm");
  return kernelFunc({ inputs, backend, attrs: attrs as tf.NamedAttrMap }) as tf.TensorInfo;
}

/**
 * Frees the tensors that a kernel needs only while it runs: every one given to `temporary`, also
 * when the body throws.
 */
export function withTemporaries<T>(
  backend: BackendWasm,
  body: (temporary: (tensor: tf.TensorInfo) => tf.TensorInfo) => T,
): T {
  const temporaries: tf.TensorInfo[] = [];
  try {
    return body((tensor) => {
      temporaries.push(tensor);
      return tensor;
    });
  } finally {
    for (const { dataId } of temporaries) backend.disposeData(dataId);
  }
}

/** The same memory under another shape, one reference more. */
export const reshape = (backend: BackendWasm, x: tf.TensorInfo, shape: number[]) =>
  run(backend, tf.Reshape, { x }, { shape });

/** A float32 copy, or, of what is float32 already, one reference more. */
export const toFloat = (backend: BackendWasm, x: tf.TensorInfo) =>
  x.dtype === "float32"
    ? reshape(backend, x, x.shape)
    : run(backend, tf.Cast, { x }, { dtype: "float32" });

/**
 * The memory of a tensor. Take it after the last allocation: the heap moves when it grows, and the
 * array is then of length 0.
 */
export const memoryOf = (backend: BackendWasm, x: tf.TensorInfo) =>
  backend.typedArrayFromHeap(x) as Float32Array;
