import * as tf from "@tensorflow/tfjs-core";
import { inject } from "vitest";
import { expectClose, valueAndGrad } from "../support.ts";
import { derivatives, type Num, num } from "./tape.ts";
import type { Result } from "./terms.ts";

/** Rows of plain numbers as those of a formula. */
export const nums = (rows: readonly (readonly number[])[]): Num[][] =>
  rows.map((row) => row.map(num));

/** Numbers that float32 represents. */
export const float32 = (rows: readonly (readonly number[])[]): number[][] =>
  rows.map((row) => row.map(Math.fround));

/**
 * Compares value and gradient of a scalar loss of a matrix with those of its formula in float64, relative to
 * the value and to the largest entry of the gradient.
 */
export async function expectOracle(
  loss: (x: tf.Tensor2D) => tf.Tensor,
  formula: (x: Num[][]) => Result[],
  rows: readonly (readonly number[])[],
  tolerance = inject("backend").tolerance,
): Promise<void> {
  const numbers = nums(rows);
  const [result] = formula(numbers) as [Result];
  const { slopes } = derivatives([result.value], [1], numbers.flat());
  const x = tf.tensor2d(rows as number[][]);
  const { value, grad } = valueAndGrad((z) => loss(z as tf.Tensor2D), x);
  const scaled = async (got: tf.Tensor, expected: number[]) => {
    // expectClose compares entries below 1e-6 absolutely
    const scale = 1 / Math.max(1e-37, ...expected.map(Math.abs));
    const data = expected.map((x) => x * scale);
    const entries = [...(await got.data())].map((x) => x * scale);
    await expectClose(tf.tensor(entries, got.shape), { shape: got.shape, data }, tolerance);
  };
  await scaled(value, [result.value.value]);
  await scaled(grad, slopes);
}
