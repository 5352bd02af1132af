import * as tf from "@tensorflow/tfjs-core";

/** Nonnegative activations, fixed by the seed. */
export const activationsOf = (shape: [number, number, number, number], seed: number) =>
  tf.relu(tf.randomNormal(shape, 0, 1, "float32", seed)) as tf.Tensor4D;

/** Column k of the orthonormal DCT-II basis of n numbers; all but column 0 have mean 0. */
const dct = (n: number, k: number) =>
  Array.from({ length: n }, (_, i) => Math.sqrt(2 / n) * Math.cos((Math.PI * (i + 0.5) * k) / n));

/**
 * A matrix with an offset and given singular values after centring, and its projection on the first
 * axis with the library's sign. An odd number of rows makes the sign unambiguous.
 */
export function matrixOf(rows: number, columns: number, singularValues: number[]) {
  const left = singularValues.map((_, k) => dct(rows, 2 * k + 2));
  const right = singularValues.map((_, k) => dct(columns, k + 1));
  const values = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) =>
      singularValues.reduce((sum, s, k) => sum + s * left[k]![i]! * right[k]![j]!, 0.25),
    ),
  );
  return { values, projection: signed(left[0]!.map((x) => x * singularValues[0]!)) };
}

/** Flips the sign so that the extreme of larger magnitude is positive. */
export function signed(values: number[]): number[] {
  return Math.max(...values) + Math.min(...values) < 0 ? values.map((x) => -x) : values;
}
