import * as tf from "@tensorflow/tfjs-core";
import { checkTensor } from "../../internal/checks.ts";

/** Labelled samples in memory, named as in the elements of a data set. */
export interface LabelledTensors {
  /** The inputs, [N, …]. A model with several inputs takes a list of tensors. */
  xs: tf.Tensor | tf.Tensor[];
  /** int32 class indices [N] or one-hot rows [N, C]. */
  ys: tf.Tensor;
}

/**
 * A `tf.data.Dataset` as `model.fitDataset` takes it. Its elements are batches `{xs, ys}`, where xs is
 * a tensor, an array or an object of tensors, and ys the labels. Elements may carry `indices`, the
 * positions of the samples in the training data, int32 [batch]. Other keys are refused. Of an object
 * of tensors by name, as in tfjs, those that are no input of the model are ignored.
 */
export interface LabelledDataset {
  iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }>;
  /** Number of batches; infinite after `repeat()`, null if unknown. */
  size?: number | null;
}

/** Samples with their labels, in memory or as a data set. */
export type LabelledData = LabelledTensors | LabelledDataset;

/** Inputs and labels, as `tf.LayersModel.fit` takes its validation data. */
export type LabelledPair = readonly [inputs: tf.Tensor | tf.Tensor[], labels: tf.Tensor];

export const isDataset = (data: LabelledData): data is LabelledDataset =>
  "iterator" in data && typeof data.iterator === "function";

export const isTensor = (x: unknown): x is tf.Tensor => x instanceof tf.Tensor;

const isPair = (data: LabelledData | LabelledPair): data is LabelledPair => Array.isArray(data);

/** Labelled data, from a pair too. */
export const toLabelledData = (data: LabelledData | LabelledPair): LabelledData =>
  isPair(data) ? { xs: data[0], ys: data[1] } : data;

/** The inputs as a list. */
export const inputsOf = ({ xs }: LabelledTensors): tf.Tensor[] => (Array.isArray(xs) ? xs : [xs]);

/**
 * Tensors with one row for each label, or a data set, which must be finite unless `mayBeEndless`.
 * `limit` is the option that limits its batches, if there is one.
 */
export function checkData(
  fn: string,
  name: string,
  data: LabelledData,
  mayBeEndless = false,
  limit?: string,
): void {
  const isObject = data !== null && typeof data === "object";
  if (!isObject || !(isDataset(data) || "xs" in data || "ys" in data)) {
    const got = data === null ? "null" : typeof data;
    throw new Error(`${fn}: ${name} must be {xs, ys} or a tf.data.Dataset, got ${got}`);
  }
  if (!isDataset(data)) {
    checkTensors(fn, name, data);
  } else if (data.size === Number.POSITIVE_INFINITY && !mayBeEndless) {
    const option = limit ? `, or set ${limit}` : "";
    const advice = `omit repeat() or limit it by take()${option}`;
    throw new Error(`${fn}: ${name} must be finite, got an endless data set; ${advice}`);
  }
}

/** Inputs and labels of the same number of samples, at least 1. */
export function checkTensors(fn: string, name: string, data: LabelledTensors): void {
  const { ys } = data;
  if (isTensor(ys)) checkTensor(fn, `the labels of ${name}`, ys);
  for (const x of inputsOf(data)) if (isTensor(x)) checkTensor(fn, `the inputs of ${name}`, x);
  if (!isTensor(ys) || ys.rank === 0 || ys.shape[0] === 0) {
    const expected = "a tensor [samples,...] with at least 1 sample";
    throw new Error(`${fn}: the labels of ${name} must be ${expected}, got ${shapeOf(ys)}`);
  }
  const [samples] = ys.shape;
  const inputs = inputsOf(data);
  if (inputs.length > 0 && inputs.every((x) => isTensor(x) && x.shape[0] === samples)) return;
  const expected = `tensors [${samples},...], a row for each label`;
  const got = inputs.map(shapeOf).join(", ") || "none";
  throw new Error(`${fn}: the inputs of ${name} must be ${expected}, got ${got}`);
}

const shapeOf = (x: unknown): string => (isTensor(x) ? `[${x.shape}]` : typeof x);
