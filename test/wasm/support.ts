import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expect } from "vitest";

export type Shape4D = [number, number, number, number];
export type Padding = "same" | "valid" | number;

/** The shapes and attributes of a convolution. */
export interface Convolution {
  x: Shape4D;
  filter: Shape4D;
  strides: number | [number, number];
  pad: Padding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Convolutions with odd and even sizes, strides, paddings and filters of one entry. */
export const convolutions: Convolution[] = [
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 4], strides: 1, pad: "same" },
  { x: [2, 7, 5, 3], filter: [3, 2, 3, 4], strides: 1, pad: "valid" },
  { x: [2, 7, 6, 3], filter: [2, 4, 3, 4], strides: 1, pad: "same" },
  { x: [3, 8, 9, 2], filter: [3, 3, 2, 5], strides: 2, pad: "same" },
  { x: [3, 8, 9, 2], filter: [2, 5, 2, 5], strides: [3, 2], pad: "valid" },
  { x: [1, 6, 6, 1], filter: [3, 3, 1, 1], strides: 1, pad: 1 },
  { x: [1, 6, 6, 2], filter: [2, 2, 2, 3], strides: 1, pad: 3 },
  { x: [2, 9, 9, 3], filter: [3, 3, 3, 2], strides: 2, pad: 1, dimRoundingMode: "floor" },
  { x: [2, 8, 8, 3], filter: [3, 3, 3, 2], strides: 2, pad: 1, dimRoundingMode: "ceil" },
  { x: [2, 4, 4, 6], filter: [1, 1, 6, 7], strides: 1, pad: "same" },
  { x: [2, 9, 9, 2], filter: [1, 1, 2, 3], strides: 3, pad: "valid" },
  { x: [2, 1, 12, 4], filter: [1, 5, 4, 3], strides: 1, pad: "same" },
  { x: [1, 5, 5, 2], filter: [5, 5, 2, 3], strides: 1, pad: "valid" },
  { x: [5, 30, 30, 1], filter: [3, 3, 1, 2], strides: [1, 2], pad: "same" },
  // Enough tiles for Winograd's algorithm.
  { x: [5, 9, 8, 8], filter: [3, 3, 8, 16], strides: 1, pad: "same" },
  { x: [5, 9, 10, 12], filter: [3, 3, 12, 20], strides: 1, pad: "valid" },
  { x: [70, 1, 1, 4], filter: [3, 3, 4, 4], strides: 1, pad: "same" },
  { x: [3, 11, 9, 4], filter: [3, 3, 4, 8], strides: 1, pad: 2 },
  { x: [9, 5, 5, 32], filter: [3, 3, 32, 4], strides: 1, pad: "same" },
];

/** Standard normal entries, fixed by the seed on every backend. */
export const random = (shape: number[], seed: number) =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

/** Runs a kernel by name, without the gradient registry. */
export const kernel = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;

/** Shape, dtype and values of a computation on a backend. */
export async function on(backend: "cpu" | "wasm", compute: () => tf.Tensor) {
  await tf.setBackend(backend);
  const result = tf.tidy(compute);
  const values = Array.from(await result.data());
  result.dispose();
  return { shape: result.shape, dtype: result.dtype, values };
}

/** Compares relative to the largest expected entry. */
export function expectClose(actual: number[], expected: number[], tolerance = 1e-5) {
  const scale = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  expect(actual).toHaveLength(expected.length);
  const errors = actual.map((x, i) => Math.abs(x - expected[i]!));
  expect(errors.filter((error) => !(error <= tolerance * scale))).toEqual([]);
}

/** Requires the result of cpu from wasm, and no leak. */
export async function expectSameAsCpu(compute: () => tf.Tensor, tolerance?: number) {
  const cpu = await on("cpu", compute);
  const wasm = await on("wasm", compute);
  expect(wasm.shape).toEqual(cpu.shape);
  expect(wasm.dtype).toBe(cpu.dtype);
  expectClose(wasm.values, cpu.values, tolerance);
  expectNoLeak(compute);
}

/** Leaves no tensor behind, and no backend data without a tensor. Runs on the current backend. */
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

/** Starts the wasm backend and takes the access to its memory away, without which there is no module. */
export async function hideMemory(): Promise<void> {
  await tf.setBackend("wasm");
  const { wasm } = tf.backend() as unknown as { wasm: { asm: object } };
  wasm.asm = { ...wasm.asm, memory: undefined };
}
