import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";

interface Values {
  shape: number[];
  data: (number | null)[];
}

interface GoldenCase {
  name: string;
  params: Record<string, number>;
  inputs: Record<string, Values>;
  outputs: Record<string, Values>;
  grads: Record<string, Values>;
}

/** A file of `test/golden`: cases computed in float64 by a method's public reference. */
export interface Golden {
  cases: GoldenCase[];
}

export const toTensor = ({ data, shape }: Values, dtype: "float32" | "int32" = "float32") =>
  tf.tensor(data as number[], shape, dtype);

/**
 * Compares with a reference, relative to its largest entry, within the backend's tolerance.
 * Entries that are null in the reference are not compared.
 */
export async function expectClose(
  got: tf.Tensor,
  { data, shape }: Values,
  tolerance = inject("backend").tolerance,
): Promise<void> {
  expect(got.shape).toEqual(shape);
  const values = await got.data();
  const scale = Math.max(1e-6, ...data.map((x) => Math.abs(x ?? 0)));
  const errors = data.map((x, i) => (x === null ? 0 : Math.abs(values[i]! - x) / scale));
  expect(errors.findIndex((error) => !(error <= tolerance))).toBe(-1);
}

/**
 * Tests value and gradient of each case of a golden file, from labels as indices and as one-hot rows.
 *
 * @param input The name of the differentiated input, logits.
 */
export function testGoldenWithLabels(
  golden: object,
  input: "logits" | "student",
  loss: (labels: tf.Tensor, logits: tf.Tensor, { params, inputs }: GoldenCase) => tf.Tensor,
): void {
  for (const goldenCase of (golden as Golden).cases) {
    const { name, inputs, outputs, grads } = goldenCase;
    test(`value and gradient of ${name}, from indices and from one-hot rows`, {
      tags: "float16",
    }, async () => {
      const logits = toTensor(inputs[input]!);
      const indices = toTensor(inputs.labels!, "int32") as tf.Tensor1D;
      for (const labels of [indices, tf.oneHot(indices, logits.shape[1]!)]) {
        const { value, grad } = valueAndGrad((z) => loss(labels, z, goldenCase), logits);
        await expectClose(value, outputs.loss!);
        await expectClose(grad, grads[input]!);
      }
    });
  }
}

/** A plain array as a reference of `expectClose`. */
export function reference(nested: number | number[] | number[][]): Values {
  const rows = Array.isArray(nested) ? nested : [nested];
  const data = rows.flat();
  if (!Array.isArray(nested)) return { shape: [], data };
  return { shape: Array.isArray(rows[0]) ? [rows.length, rows[0].length] : [rows.length], data };
}

/** Value and gradient of a function of one tensor. */
export function valueAndGrad(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, dy?: tf.Tensor) {
  const { value, grads } = tf.engine().gradients(() => f(x), [x], dy, true);
  return { value, grad: grads[0] as tf.Tensor };
}

/** Expects that a function leaves no tensor behind apart from those it returns. */
export function expectNoLeak(f: () => tf.Tensor | tf.Tensor[]): void {
  const before = tf.memory().numTensors;
  const result = f();
  const returned = Array.isArray(result) ? result.length : 1;
  expect(tf.memory().numTensors - before).toBe(returned);
  tf.dispose(result);
}

/** Expects no leak of a function of one tensor, with and without gradient. */
export function expectNoLeakWithGradient(
  f: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  dy?: tf.Tensor,
): void {
  expectNoLeak(() => f(x));
  expectNoLeak(() => {
    const { value, grad } = valueAndGrad(f, x, dy);
    return [value, grad];
  });
}

export async function expectFinite(...tensors: tf.Tensor[]): Promise<void> {
  for (const x of tensors) {
    expect([...(await x.data())].every(Number.isFinite)).toBe(true);
  }
}

/** Expects finite values and gradients of a function of one tensor and returns both. */
export async function expectFiniteWithGradient(
  f: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  dy?: tf.Tensor,
) {
  const result = valueAndGrad(f, x, dy);
  await expectFinite(result.value, result.grad);
  return result;
}

/** Logits of moderate size, fixed by the seed. */
export const logitsOf = (n: number, c: number, seed: number) =>
  tf.randomNormal([n, c], 0, 2, "float32", seed) as tf.Tensor2D;

/** Labels 0, 1, …, C−1, 0, … */
export const labelsOf = (n: number, c: number) =>
  tf.tensor1d(
    Array.from({ length: n }, (_, i) => i % c),
    "int32",
  );

/** Rows of 1e4 and −1e4, and a row of zeros. */
export const extremeLogits = () =>
  tf.tensor2d([
    [1e4, -1e4, 0],
    [-1e4, 1e4, 1e4],
    [0, 0, 0],
  ]);

/** Value and gradients of a function of several tensors. */
export function valueAndGrads(f: (xs: tf.Tensor[]) => tf.Tensor, xs: tf.Tensor[]) {
  return tf.engine().gradients(() => f(xs), xs, undefined, true) as {
    value: tf.Tensor;
    grads: tf.Tensor[];
  };
}

/** The gradient of a function of plain numbers by central differences in float64. */
export function numericalGradient(f: (x: number[]) => number, x: number[]): number[] {
  return x.map((value, i) => {
    const step = 1e-5;
    const [up, down] = [value + step, value - step].map((y) =>
      f(x.map((z, j) => (j === i ? y : z))),
    );
    return (up! - down!) / (2 * step);
  });
}
