import * as tf from "@tensorflow/tfjs-core";
import type fc from "fast-check";
import { type Num, num } from "../oracles/tape.ts";
import type { ReductionName, Result } from "../oracles/terms.ts";

/** A tensor as plain numbers. */
export interface Values<T = number> {
  readonly shape: readonly number[];
  readonly data: readonly T[];
}

/** Labels as rows [N, C] of class weights, and the form in which the library receives them. */
export interface Labels {
  readonly form: "indices" | "float32" | "int32" | "bool";
  readonly rows: readonly number[][];
}

/** Rows of a contrast bank for each sample. With `isShared`, the noise of all samples is the same. */
export interface DrawnRows {
  readonly positives: readonly number[];
  readonly negatives: readonly number[][];
  readonly isShared: boolean;
}

/** The input of one call, as plain data that prints and can be pasted into a test. */
export interface Case {
  /** The tensors to differentiate by. */
  readonly variables: readonly Values[];
  readonly constants: readonly Values[];
  readonly labels?: Labels;
  readonly drawn?: DrawnRows;
  readonly reduction?: ReductionName;
  readonly weights?: readonly number[];
  readonly options: Readonly<Record<string, number>>;
  /** The upstream gradient, repeated over the entries of the result. */
  readonly upstream: readonly number[];
}

/** A function of the library, its oracle, and the regimes of inputs on which both are compared. */
export interface Subject {
  readonly name: string;
  readonly regimes: Readonly<Record<string, fc.Arbitrary<Case>>>;
  /** Whether the function is differentiable; default true. */
  readonly hasGradient?: boolean;
  /** The shape of the result; default a scalar, or [N] for the reduction NONE. */
  readonly outputShape?: (input: Case) => readonly number[];
  /** Whether the value of a sample depends on other samples, so that their NaN may spread to it. */
  readonly mixesSamples?: (input: Case) => boolean;
  readonly library: (tensors: Inputs<tf.Tensor>, input: Case) => tf.Tensor;
  readonly oracle: (numbers: Inputs<Values<Num>>, input: Case) => Result[];
}

export interface Inputs<T> {
  readonly variables: readonly T[];
  readonly constants: readonly T[];
}

export const toTensor = ({ data, shape }: Values): tf.Tensor =>
  tf.tensor([...data], [...shape], "float32");

export const toNums = ({ data, shape }: Values): Values<Num> => ({ shape, data: data.map(num) });

/** Each sample as a row, [N, …] → [N][D]. */
export function rowsOf<T>({ shape, data }: Values<T>): T[][] {
  const width = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) => data.slice(i * width, (i + 1) * width));
}

/** [N, H, W, C] → [N][H][W][C] */
export const mapsOf = <T>({ shape: [, height, width, channels], data, shape }: Values<T>) =>
  rowsOf({ shape, data }).map((map) =>
    rowsOf({ shape: [height!], data: map }).map((row) =>
      rowsOf({ shape: [width!, channels!], data: row }),
    ),
  );

export function labelTensor({ form, rows }: Labels): tf.Tensor {
  if (form === "indices")
    return tf.tensor1d(
      rows.map((row) => row.indexOf(1)),
      "int32",
    );
  return tf.cast(tf.tensor2d(rows as number[][]), form);
}

/** The options of a loss that is a number per sample. */
export const reducing = ({ reduction = "MEAN", weights }: Case) => ({
  reduction: tf.Reduction[reduction],
  weights: weights && tf.tensor1d([...weights]),
});

/** Rows of a contrast bank in the form that the library accepts. */
export function drawnTensors({ positives, negatives, isShared }: DrawnRows) {
  const own = tf.tensor1d([...positives], "int32");
  if (isShared) return { positives: own, negatives: tf.tensor1d(negatives[0]!, "int32") };
  return tf.tensor2d(
    negatives.map((row, i) => [positives[i]!, ...row]),
    undefined,
    "int32",
  );
}
