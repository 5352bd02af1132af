import * as tf from "@tensorflow/tfjs-core";
import type { ContrastBank } from "../../../src/index.ts";
import { l2Normalize } from "../../../src/index.ts";

/** Embeddings of length 1, fixed by the seed. */
export const embeddingsOf = (n: number, dim: number, seed: number) =>
  l2Normalize(tf.randomNormal([n, dim], 0, 1, "float32", seed));

/** Banks of rows of length 1, with normalizers as of scores near 0. */
export const bankOf = (size: number, dim: number, seed: number): ContrastBank => ({
  teacher: embeddingsOf(size, dim, seed),
  student: embeddingsOf(size, dim, seed + 1),
  normalizer: { teacher: tf.scalar(1.5 * size), student: tf.scalar(2.5 * size) },
});

export const int1d = (values: number[]) => tf.tensor1d(values, "int32");
export const int2d = (rows: number[][]) => tf.tensor2d(rows, undefined, "int32");

/** Value and gradients with respect to both embeddings. */
export function valueAndGrads(
  f: (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor,
  teacher: tf.Tensor,
  student: tf.Tensor,
) {
  const { value, grads } = tf.engine().gradients(() => f(teacher, student), [teacher, student]);
  return { value, teacher: grads[0] as tf.Tensor, student: grads[1] as tf.Tensor };
}
