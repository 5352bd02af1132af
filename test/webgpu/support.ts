import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { registerLossKernels } from "../../src/webgpu/index.ts";

/** Runs without the kernels of this library, so that ops are composed of tfjs operations. */
export function composed<T>(compute: () => T): T {
  for (const { kernelName } of tf.getKernelsForBackend("webgpu")) {
    if (kernelName.startsWith("KdCmi")) tf.unregisterKernel(kernelName, "webgpu");
  }
  try {
    return compute();
  } finally {
    registerLossKernels();
  }
}

/** Expects the same shapes, dtypes and values, relative to the largest finite entry, and the same NaN. */
export async function expectSame(
  got: readonly tf.Tensor[],
  expected: readonly tf.Tensor[],
  tolerance = 2e-5,
): Promise<void> {
  expect(got.map((x) => [x.dtype, x.shape])).toEqual(expected.map((x) => [x.dtype, x.shape]));
  for (const [i, x] of expected.entries()) {
    const [a, b] = [[...(await got[i]!.data())], [...(await x.data())]];
    const scale = b.reduce(
      (max, y) => (Number.isFinite(y) ? Math.max(max, Math.abs(y)) : max),
      1e-6,
    );
    const isSame = (y: number, z: number) =>
      Object.is(y, z) ||
      (Number.isNaN(y) && Number.isNaN(z)) ||
      Math.abs(y - z) <= tolerance * scale;
    const wrong = a.findIndex((y, j) => !isSame(y, b[j]!));
    expect(wrong < 0 ? "same" : `${i}: entry ${wrong} is ${a[wrong]}, not ${b[wrong]}`).toBe(
      "same",
    );
  }
}

/** The rows of a matrix that hold a NaN. All their entries must be NaN. */
export async function rowsOfNaN(x: tf.Tensor): Promise<number[]> {
  const rows = (await x.array()) as number[][];
  const bad = rows.flatMap((row, i) => (row.some(Number.isNaN) ? [i] : []));
  expect(bad.filter((i) => !rows[i]!.every(Number.isNaN))).toEqual([]);
  return bad;
}
