import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkLabelRank } from "../../internal/checks.ts";

/** Labelled samples in memory, named as in the elements of a data set. */
export interface LabelledTensors {
  /** The inputs, [N, …]; of a model with several, a tensor each. */
  xs: tf.Tensor | tf.Tensor[];
  /** int32 class indices [N] or one-hot [N, C]. */
  ys: tf.Tensor;
}

/**
 * A finite `tf.data.Dataset` as `model.fitDataset` takes it: of batches `{xs, ys}`, where xs is a
 * tensor, an array or an object of tensors, and ys the labels.
 */
export interface LabelledDataset {
  iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }>;
  /** Batches; infinite after `repeat()`, null where nobody knows. */
  size?: number | null;
}

/** Samples with their labels, in memory or as a data set. */
export type LabelledData = LabelledTensors | LabelledDataset;

const isDataset = (data: LabelledData): data is LabelledDataset =>
  typeof (data as LabelledDataset).iterator === "function";

/** Whether an argument is meant as data, to tell it from options. */
export const isData = (x: object): x is LabelledData =>
  isDataset(x as LabelledData) || "xs" in x || "ys" in x;

export function checkData(fn: string, name: string, data: LabelledData): void {
  const expected = "{xs, ys} or a tf.data.Dataset";
  if (data === null || typeof data !== "object" || !isData(data)) {
    throw new Error(
      `${fn}: ${name} must be ${expected}, got ${data === null ? null : typeof data}`,
    );
  }
  if (isDataset(data)) {
    if (data.size !== Number.POSITIVE_INFINITY) return;
    const advice = "give it without repeat() or cut it by take()";
    throw new Error(`${fn}: ${name} must be finite, got an endless data set; ${advice}`);
  }
  checkLabelRank(fn, data.ys);
  const total = data.ys.shape[0]!;
  const inputs = [data.xs].flat();
  if (inputs.length > 0 && inputs.every((x) => x instanceof tf.Tensor && x.shape[0] === total)) {
    return;
  }
  const got = inputs.map((x) => (x instanceof tf.Tensor ? `[${x.shape}]` : typeof x)).join(", ");
  throw new Error(`${fn}: the inputs must be tensors [${total},...] as the labels, got ${got}`);
}

interface Batch {
  inputs: tf.Tensor[];
  labels: tf.Tensor;
}

/** Batch after batch; each is disposed when the next one is asked for. */
export async function* batchesOf(
  fn: string,
  model: tfl.LayersModel,
  data: LabelledData,
  batchSize: number,
): AsyncGenerator<Batch> {
  if (!isDataset(data)) {
    const total = data.ys.shape[0]!;
    for (let start = 0; start < total; start += batchSize) {
      const cut = (x: tf.Tensor) => tf.slice(x, start, Math.min(batchSize, total - start));
      yield* disposing({ inputs: [data.xs].flat().map(cut), labels: cut(data.ys) });
    }
    return;
  }
  // Not forEachAsync: it does not wait, and the batches of a whole data set would queue up.
  const iterator = await data.iterator();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    yield* disposing(elementOf(fn, model, next.value));
  }
}

function* disposing(batch: Batch): Generator<Batch> {
  try {
    yield batch;
  } finally {
    tf.dispose([...batch.inputs, batch.labels]);
  }
}

/** An element of a data set, its inputs in the model's order. */
function elementOf(fn: string, model: tfl.LayersModel, element: unknown): Batch {
  const { xs, ys } = Object(element) as Record<string, unknown>;
  const inputs = tensorsOf(xs, model.inputNames);
  const [labels, ...others] = tensorsOf(ys, model.outputNames);
  const isComplete = [...inputs, labels].every((x) => x instanceof tf.Tensor);
  if (isComplete && others.length === 0) return { inputs, labels: labels! };
  tf.dispose(element as tf.TensorContainer);
  const names = [model.inputNames, model.outputNames].map((x) => x.join(", "));
  const expected = `{xs, ys} of tensors for the model's ${names[0]} and ${names[1]}`;
  const got = `{${Object.keys(Object(element)).join(", ")}}`;
  throw new Error(`${fn}: the elements of the data set must be ${expected}, got ${got}`);
}

/** Tensors of an element of a data set: alone, as an array, or by the names that a model gives them. */
export function tensorsOf(x: unknown, names: string[]): tf.Tensor[] {
  if (x instanceof tf.Tensor) return [x];
  if (Array.isArray(x)) return x;
  return names.map((name) => (Object(x) as Record<string, tf.Tensor>)[name]!);
}
