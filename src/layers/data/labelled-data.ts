import * as tf from "@tensorflow/tfjs-core";
import { checkTensor, describe, describeValue } from "../../internal/checks.ts";

/** Labelled samples in memory, named as in the elements of a data set. */
export interface LabelledTensors {
  /** The inputs, [N, …]. A model with several inputs takes a list of tensors. */
  xs: tf.Tensor | tf.Tensor[];
  /** int32 class indices [N] or one-hot rows [N, C]. */
  ys: tf.Tensor;
  /**
   * A weight for each sample, float32 [N], or for each position of dense outputs, [N, …], such as a mask
   * of 0 and 1. A position of weight 0 does not count, whatever its label.
   */
  weights?: tf.Tensor | undefined;
}

/** Outputs of a teacher for samples, computed before training. Losses use them as constants. */
export interface TeacherTensors {
  /** float32 [N, C], or [N, …, C] for dense outputs and sequences. */
  teacherLogits?: tf.Tensor | undefined;
  /** A list of float32 [N, …]. */
  teacherFeatures?: readonly tf.Tensor[] | undefined;
}

/** Samples in memory for a {@link Distiller}. Labels are needed only if the loss or a metric reads them. */
export interface DistillationTensors extends Omit<LabelledTensors, "ys">, TeacherTensors {
  /** int32 class indices [N] or one-hot rows [N, C]. */
  ys?: tf.Tensor | undefined;
}

/**
 * A `tf.data.Dataset` as `model.fitDataset` takes it. Its elements are batches `{xs, ys}`, where xs is
 * a tensor, an array or an object of tensors, and ys the labels. Elements may carry `indices`, the
 * positions of the samples in the training data, int32 [batch]; `weights`, float32 [batch] or
 * [batch, …]; and for a {@link Distiller} `teacherLogits` and `teacherFeatures`, a tensor or an array of
 * tensors. A Distiller needs `ys` only if the loss or a metric reads the labels. Other keys are refused.
 * Of an object of tensors by name, as in tfjs, those that are no input of the model are ignored.
 */
export interface LabelledDataset {
  iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }>;
  /** Number of batches; infinite after `repeat()`, null if unknown. */
  size?: number | null;
}

/** Samples with their labels, in memory or as a data set. */
export type LabelledData = LabelledTensors | LabelledDataset;

/** Samples for a {@link Distiller}, in memory or as a data set. */
export type DistillationData = DistillationTensors | LabelledDataset;

/** Inputs and labels, as `tf.LayersModel.fit` takes its validation data. */
export type LabelledPair = readonly [inputs: tf.Tensor | tf.Tensor[], labels: tf.Tensor];

export const isDataset = (data: DistillationData): data is LabelledDataset =>
  "iterator" in data && typeof data.iterator === "function";

export const isTensor = (x: unknown): x is tf.Tensor => x instanceof tf.Tensor;

const isPair = (data: DistillationData | LabelledPair): data is LabelledPair => Array.isArray(data);

/** Data, from a pair too. */
export const toData = (data: DistillationData | LabelledPair): DistillationData =>
  isPair(data) ? { xs: data[0], ys: data[1] } : data;

/** The inputs as a list. */
export const inputsOf = ({ xs }: Pick<DistillationTensors, "xs">): tf.Tensor[] =>
  Array.isArray(xs) ? xs : [xs];

/** The number of samples. */
export const sampleCount = (data: Pick<DistillationTensors, "xs">): number =>
  inputsOf(data)[0]?.shape[0] ?? 0;

/** Data whose tensors are replaced by others, such as some of their rows. */
export function mapTensors(
  { xs, ys, weights, teacherLogits, teacherFeatures }: DistillationTensors,
  replace: (x: tf.Tensor) => tf.Tensor,
): DistillationTensors {
  return {
    xs: Array.isArray(xs) ? xs.map(replace) : replace(xs),
    ys: ys && replace(ys),
    weights: weights && replace(weights),
    teacherLogits: teacherLogits && replace(teacherLogits),
    teacherFeatures: teacherFeatures?.map(replace),
  };
}

/** All tensors of data. */
export const tensorsOf = (data: DistillationTensors): tf.Tensor[] =>
  [
    ...inputsOf(data),
    data.ys,
    data.weights,
    data.teacherLogits,
    ...(data.teacherFeatures ?? []),
  ].filter(isTensor);

/**
 * Tensors with one row for each sample, or a data set, which must be finite unless `mayBeEndless`.
 * `limit` is the option that limits its batches, if there is one.
 */
export function checkData(
  fn: string,
  name: string,
  data: DistillationData,
  needsLabels: boolean,
  mayBeEndless = false,
  limit?: string,
): void {
  const isObject = data !== null && typeof data === "object";
  if (!isObject || !(isDataset(data) || "xs" in data || "ys" in data)) {
    const got = data === null ? "null" : typeof data;
    throw new Error(`${fn}: ${name} must be {xs, ys} or a tf.data.Dataset, got ${got}`);
  }
  if (!isDataset(data)) {
    checkTensors(fn, name, data, needsLabels);
  } else if (data.size === Number.POSITIVE_INFINITY && !mayBeEndless) {
    const option = limit ? `, or set ${limit}` : "";
    const advice = `omit repeat() or limit it by take()${option}`;
    throw new Error(`${fn}: ${name} must be finite, got an endless data set; ${advice}`);
  }
}

/** Inputs and labels of the same number of samples, at least 1, and further tensors with as many rows. */
export function checkTensors(
  fn: string,
  name: string,
  data: DistillationTensors,
  needsLabels: boolean,
): void {
  const { ys } = data;
  if (isTensor(ys)) checkTensor(fn, `the labels of ${name}`, ys);
  for (const x of inputsOf(data)) if (isTensor(x)) checkTensor(fn, `the inputs of ${name}`, x);
  const isRequired = needsLabels || ys !== undefined;
  if (isRequired && (!isTensor(ys) || ys.rank === 0 || ys.shape[0] === 0)) {
    const expected = "a tensor [samples,...] with at least 1 sample";
    throw new Error(`${fn}: the labels of ${name} must be ${expected}, got ${shapeOf(ys)}`);
  }
  const inputs = inputsOf(data);
  const samples = ys?.shape[0] ?? (isTensor(inputs[0]) ? inputs[0].shape[0] : undefined);
  const isValid = inputs.length > 0 && inputs.every((x) => isTensor(x) && x.shape[0] === samples);
  if (!isValid || !samples) {
    const expected = ys
      ? `tensors [${samples},...], a row for each label`
      : "tensors [samples,...] with at least 1 sample";
    const got = inputs.map(shapeOf).join(", ") || "none";
    throw new Error(`${fn}: the inputs of ${name} must be ${expected}, got ${got}`);
  }
  const { weights, teacherLogits, teacherFeatures } = data;
  if (weights !== undefined) checkFloatRows(fn, `weights of ${name}`, weights, samples, true);
  checkTeacherTensors(fn, { teacherLogits, teacherFeatures }, samples);
}

/** Checks the outputs of a teacher, if there are any, for a row for each sample. */
export function checkTeacherTensors(
  fn: string,
  { teacherLogits, teacherFeatures }: TeacherTensors,
  samples: number,
): void {
  if (teacherLogits !== undefined) checkFloatRows(fn, "teacherLogits", teacherLogits, samples);
  if (teacherFeatures === undefined) return;
  if (!Array.isArray(teacherFeatures) || teacherFeatures.length === 0) {
    const got = Array.isArray(teacherFeatures) ? "none" : describeValue(teacherFeatures);
    throw new Error(`${fn}: teacherFeatures must be a list of at least 1 tensor, got ${got}`);
  }
  for (const [i, x] of teacherFeatures.entries()) {
    checkFloatRows(fn, `teacherFeatures[${i}]`, x, samples);
  }
}

function checkFloatRows(
  fn: string,
  name: string,
  x: tf.Tensor,
  samples: number,
  mayBeVector = false,
): void {
  if (isTensor(x)) checkTensor(fn, name, x);
  const isValid = isTensor(x) && x.dtype === "float32" && x.shape[0] === samples;
  if (isValid && (mayBeVector || x.rank > 1)) return;
  const expected = `float32 ${mayBeVector ? `[${samples}] or ` : ""}[${samples},...]`;
  const got = isTensor(x) ? describe(x) : describeValue(x);
  throw new Error(`${fn}: ${name} must be ${expected}, got ${got}`);
}

const shapeOf = (x: unknown): string => (isTensor(x) ? `[${x.shape}]` : typeof x);
