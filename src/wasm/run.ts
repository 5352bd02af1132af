import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { type ModuleFunctions, moduleOf } from "./module.ts";

/** The argument of a kernel function of the wasm backend. */
export interface KernelCall<InputName extends string, Attrs> {
  inputs: Record<InputName, tf.TensorInfo>;
  backend: BackendWasm;
  attrs: Attrs;
}

/** The configuration of a kernel function of the wasm backend. */
export const kernel = <Call, Result extends tf.TensorInfo | tf.TensorInfo[] = tf.TensorInfo>(
  kernelName: string,
  kernelFunc: (call: Call) => Result,
): tf.KernelConfig => ({
  kernelName,
  backendName: "wasm",
  kernelFunc: kernelFunc as unknown as tf.KernelFunc,
});

/** The configuration of a kernel function that replaces one of the backend, which it may call. */
export function replacement<Call>(
  stock: tf.KernelConfig,
  kernelFunc: (call: Call, original: (call: Call) => tf.TensorInfo) => tf.TensorInfo,
): tf.KernelConfig {
  const original = stock.kernelFunc as unknown as (call: Call) => tf.TensorInfo;
  return { ...stock, ...kernel(stock.kernelName, (call: Call) => kernelFunc(call, original)) };
}

/**
 * The configuration of a kernel that replaces one of the backend where the module is available. The
 * kernel function returns undefined for calls that are left to the backend.
 */
export function withModule<Call extends { backend: BackendWasm }>(
  stock: tf.KernelConfig,
  kernelFunc: (call: Call, module: ModuleFunctions) => tf.TensorInfo | undefined,
): tf.KernelConfig {
  return replacement<Call>(stock, (call, original) => {
    const module = moduleOf(call.backend);
    return (module && kernelFunc(call, module)) ?? original(call);
  });
}

/** The configuration of a kernel of our own that only runs where the module is available. */
export function moduleKernel<
  Call extends { backend: BackendWasm },
  Result extends tf.TensorInfo | tf.TensorInfo[] = tf.TensorInfo,
>(
  kernelName: string,
  kernelFunc: (call: Call, module: ModuleFunctions) => Result,
): tf.KernelConfig {
  return kernel<Call, Result>(kernelName, (call) => {
    const module = moduleOf(call.backend);
    if (!module) throw new Error(`${kernelName}: the wasm backend has no SIMD module`);
    return kernelFunc(call, module);
  });
}

/** Runs another kernel of the backend without the engine. The caller disposes the result. */
export function run(
  backend: BackendWasm,
  kernelName: string,
  inputs: Record<string, tf.TensorInfo>,
  attrs: tf.NamedAttrMap = {},
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, "wasm");
  return kernelFunc({ inputs, backend, attrs }) as tf.TensorInfo;
}

/**
 * Frees the tensors that a kernel needs only while it runs: all those passed to `temporary`, even
 * if the body throws.
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

/** The shape of a tensor of rank 4. */
export const shape4D = ({ shape }: tf.TensorInfo) => shape as [number, number, number, number];

/** The same memory under another shape, with one more reference. */
export const reshape = (backend: BackendWasm, x: tf.TensorInfo, shape: number[]) =>
  run(backend, tf.Reshape, { x }, { shape });

/** A float32 copy, or one more reference to a float32 tensor. */
export const toFloat = (backend: BackendWasm, x: tf.TensorInfo) =>
  x.dtype === "float32"
    ? reshape(backend, x, x.shape)
    : run(backend, tf.Cast, { x }, { dtype: "float32" });

/**
 * The memory of a tensor. Call this after the last allocation: the heap moves when it grows, and
 * older arrays then have length 0.
 */
export const memoryOf = (backend: BackendWasm, x: tf.TensorInfo) =>
  backend.typedArrayFromHeap(x) as Float32Array;
