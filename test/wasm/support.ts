import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expect } from "vitest";

export type Shape4D = [number, number, number, number];
export type Padding = "same" | "valid" | number;

/** The same numbers on every backend. */
export const random = (shape: number[], seed: number) =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

/** Runs a kernel by its name, which needs no gradient registry. */
export const kernel = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;

/** Shape, dtype and numbers that a computation gives on a backend. */
export async function on(backend: "cpu" | "wasm", compute: () => tf.Tensor) {
  await tf.setBackend(backend);
  const result = tf.tidy(compute);
  const values = Array.from(await result.data());
  result.dispose();
  return { shape: result.shape, dtype: result.dtype, values };
}

export function expectClose(actual: number[], expected: number[], tolerance = 1e-5) {
  const scale = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 1);
  expect(actual).toHaveLength(expected.length);
  const errors = actual.map((x, i) => Math.abs(x - expected[i]!) / scale);
  expect(errors.every((error) => error <= tolerance)).toBe(true);
}

/** wasm gives what cpu gives, and leaves nothing behind. */
export async function expectSameAsCpu(compute: () => tf.Tensor, tolerance?: number) {
  const cpu = await on("cpu", compute);
  const wasm = await on("wasm", compute);
  expect(wasm.shape).toEqual(cpu.shape);
  expect(wasm.dtype).toBe(cpu.dtype);
  expectClose(wasm.values, cpu.values, tolerance);
  expectNoLeak(compute);
}

/** Neither tensors, nor data of the backend that no tensor owns. Runs on the current backend. */
export function expectNoLeak(compute: () => tf.Tensor) {
  const count = () => ({
    tensors: tf.memory().numTensors,
    buffers: tf.memory().numDataBuffers,
    data: tf.engine().backend.numDataIds(),
  });
  const before = count();
  for (let i = 0; i < 3; i++) tf.tidy(compute).dispose();
  expect(count()).toEqual(before);
}
