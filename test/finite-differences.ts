import * as tf from "@tensorflow/tfjs-core";
import { expectClose, reference, valueAndGrad } from "./support.ts";

export type Rows = number[][];
type LossOfRows = (teacher: Rows, student: Rows) => number;

/** Features of moderate size, fixed by the seed. */
export const featuresOf = (n: number, d: number, seed: number) =>
  tf.randomNormal([n, d], 0, 1, "float32", seed) as tf.Tensor2D;

/** ⟨a, b⟩ */
export const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** The gradient by central differences in float64. */
export function numericGradient(f: (rows: Rows) => number, rows: Rows, step = 1e-5): Rows {
  const moved = (i: number, j: number, by: number) =>
    rows.map((row, r) => (r === i ? row.map((x, c) => (c === j ? x + by : x)) : row));
  return rows.map((row, i) =>
    row.map((_, j) => (f(moved(i, j, step)) - f(moved(i, j, -step))) / (2 * step)),
  );
}

/** Compares value and gradient with the formula in float64 and its central differences. */
export async function expectFormula(
  loss: (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor,
  formula: LossOfRows,
  teacher: tf.Tensor2D,
  student: tf.Tensor2D,
): Promise<void> {
  const { value, grad } = valueAndGrad((x) => loss(teacher, x), student);
  const [t, s] = [await teacher.array(), await student.array()];
  await expectClose(value, reference(formula(t, s)));
  await expectClose(grad, reference(numericGradient((rows) => formula(t, rows), s)));
}
