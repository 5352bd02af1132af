import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { gatherRows } from "../../ops/gather-rows.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import {
  checkTeacherTensors,
  type DistillationData,
  type DistillationTensors,
  isDataset,
  isTensor,
  type LabelledDataset,
  mapTensors,
  sampleCount,
  type TeacherTensors,
  tensorsOf,
} from "./labelled-data.ts";
import { shuffled } from "./sample-order.ts";

/** A batch of samples. */
export interface Batch {
  /** A tensor, or a list for a model with several inputs. */
  inputs: tf.Tensor | tf.Tensor[];
  /** Undefined if the data have none. */
  labels?: tf.Tensor | undefined;
  /** Outputs of the teacher that the data carry, if any. */
  teacher?: TeacherTensors | undefined;
  /** Positions of the samples in the training data, int32 [N], if known. */
  indices?: tf.Tensor1D | undefined;
  /** The values of `indices`, if known without a read-back. */
  rows?: Int32Array | undefined;
  /** Weights of the samples, float32 [N], or of their positions, [N, …], if any. */
  weights?: tf.Tensor | undefined;
}

/** A position in the training data. */
export interface Place {
  epoch: number;
  /** Batches taken in this epoch. */
  batchInEpoch: number;
  /** Batches taken in all epochs. */
  globalStep: number;
  /** Seed of the order of the samples in each epoch; undefined keeps the order of the rows. */
  seed: number | undefined;
  /** The samples taken in this epoch, to check that a resumed run has the same batches. */
  totals?: { samples: number } | undefined;
}

/** The start of the data, in the order of the rows. */
export const START: Place = { epoch: 0, batchInEpoch: 0, globalStep: 0, seed: undefined };

/** A sequence of batches. */
export interface BatchSource {
  /** The number at which an epoch ends. Undefined for all batches of a data set. */
  batchesPerEpoch: number | undefined;
  /** The number of batches in an epoch if known, for callbacks. */
  steps: number | undefined;
  /** The remaining batches of an epoch. Each is disposed when the next one is requested. */
  batches(place: Place): AsyncGenerator<Batch>;
}

/** Options of {@link batchSource}. */
export interface BatchSourceOptions {
  /** Samples in a batch of tensors in memory; default 32. A data set comes in batches. */
  batchSize?: number | undefined;
  /** Whether batches of tensors in memory carry the indices of their samples; default false. */
  indexed?: boolean | undefined;
  /** Batches in an epoch of a data set that continues from epoch to epoch; default: all of it. */
  batchesPerEpoch?: number | undefined;
  /** Batches in each pass over a data set that restarts; default: all of it. */
  batchesPerPass?: number | undefined;
  /** Whether each element of a data set must have labels; default true. */
  needsLabels?: boolean | undefined;
}

/** Batches of a data set of unknown size after which it may be endless. */
const MANY_BATCHES = 10_000;

/**
 * Batches of labelled data, with the inputs in the model's order. A data set with `batchesPerEpoch`
 * continues from epoch to epoch, otherwise each epoch restarts it. Batches that were taken before an
 * interruption are skipped.
 */
export function batchSource(
  fn: string,
  model: tfl.LayersModel,
  data: DistillationData,
  { batchSize = 32, indexed = false, ...limits }: BatchSourceOptions = {},
): BatchSource {
  return isDataset(data)
    ? datasetSource(fn, model, data, limits)
    : tensorSource(fn, data, batchSize, indexed);
}

function tensorSource(
  fn: string,
  data: DistillationTensors,
  batchSize: number,
  indexed: boolean,
): BatchSource {
  const samples = sampleCount(data);
  const batchesPerEpoch = Math.ceil(samples / batchSize);
  return {
    batchesPerEpoch,
    steps: batchesPerEpoch,
    async *batches({ epoch, batchInEpoch, seed, totals }) {
      checkResumed(fn, totals, Math.min(batchInEpoch * batchSize, samples));
      const order = seed === undefined ? undefined : shuffled(samples, seed, epoch);
      for (let batch = batchInEpoch; batch < batchesPerEpoch; batch++) {
        const start = batch * batchSize;
        const size = Math.min(batchSize, samples - start);
        const rows = order ? order.slice(start, start + size) : range(start, size);
        const indices = tf.tensor1d(rows, "int32");
        const taken = mapTensors(data, (x) =>
          order ? gatherSamples(x, indices) : sliceRows(x, start, size),
        );
        if (!indexed) indices.dispose();
        yield* disposing({ ...toBatch(taken), ...(indexed && { indices, rows }) });
      }
    },
  };
}

/** A batch of all samples. */
function toBatch(data: DistillationTensors): Batch {
  const { xs: inputs, ys: labels, weights, teacherLogits, teacherFeatures } = data;
  const isGiven = teacherLogits !== undefined || teacherFeatures !== undefined;
  return {
    inputs,
    labels,
    weights,
    teacher: isGiven ? { teacherLogits, teacherFeatures } : undefined,
  };
}

/** The number of samples of a batch. */
export const sizeOf = ({ inputs }: Batch): number => sampleCount({ xs: inputs });

const range = (start: number, size: number) =>
  Int32Array.from({ length: size }, (_, i) => start + i);

/** The samples at `indices`, of a tensor of any rank. */
const gatherSamples = (x: tf.Tensor, indices: tf.Tensor1D): tf.Tensor =>
  tf.tidy(() => {
    const [samples = 0, ...shape] = x.shape;
    const rows = gatherRows(tf.reshape(x, [samples, -1]), indices);
    return tf.reshape(rows, [indices.size, ...shape]);
  });

function datasetSource(
  fn: string,
  model: tfl.LayersModel,
  dataset: LabelledDataset,
  { batchesPerEpoch, batchesPerPass, needsLabels = true }: BatchSourceOptions,
): BatchSource {
  let iterator: Awaited<ReturnType<LabelledDataset["iterator"]>> | undefined;
  const { size } = dataset;
  const limit = batchesPerEpoch ?? batchesPerPass;
  const hasSize = Number.isFinite(size);
  return {
    batchesPerEpoch,
    steps: batchesPerEpoch ?? (hasSize ? Number(size) : undefined),
    async *batches(place) {
      const isContinued = batchesPerEpoch !== undefined;
      const position = isContinued ? place.globalStep : place.batchInEpoch;
      let skipped = isContinued && iterator ? 0 : position;
      const current = (isContinued && iterator) || (await dataset.iterator());
      iterator = current;
      let [batch, samples] = [place.batchInEpoch, 0];
      const { totals } = place;
      while (limit === undefined || batch < limit) {
        // Not forEachAsync, which does not wait: the batches of the whole data set would queue up.
        const { value, done } = await current.next();
        if (done) {
          if (batchesPerPass !== undefined) warnOfEnd(fn, batch, batchesPerPass);
          return;
        }
        if (limit === undefined && !hasSize && batch === MANY_BATCHES) warnOfLength(fn);
        const taken = batchOf(fn, model, value, needsLabels);
        if (skipped > 0) {
          if (skipped <= place.batchInEpoch) samples += sizeOf(taken);
          skipped -= 1;
          disposeBatch(taken);
          if (skipped === 0) checkResumed(fn, totals, samples);
        } else {
          batch += 1;
          yield* disposing(taken);
        }
      }
    },
  };
}

function warnOfEnd(fn: string, got: number, expected: number): void {
  console.warn(
    `${fn}: the data set for evaluation ended after ${got} of ${expected} batches. Add repeat() to it, or ask for fewer batches.`,
  );
}

function warnOfLength(fn: string): void {
  console.warn(
    `${fn}: a data set of unknown size has had ${MANY_BATCHES} batches in a single pass. If it is endless, limit it by take(), or by an option for the number of batches (batchesPerEpoch, validationBatches, batches).`,
  );
}

/** Checks that a resumed epoch skips as many samples as it was trained on. */
function checkResumed(fn: string, totals: Place["totals"], samples: number): void {
  if (!totals || totals.samples === samples) return;
  const expected = `those of the checkpoint, ${totals.samples} samples in the first part of the epoch`;
  throw new Error(`${fn}: the batches must be ${expected}, got ${samples}`);
}

function* disposing(batch: Batch): Generator<Batch> {
  try {
    yield batch;
  } finally {
    disposeBatch(batch);
  }
}

const disposeBatch = ({ inputs, labels, weights, teacher, indices }: Batch) => {
  tf.dispose([...tensorsOf({ xs: inputs, ys: labels, weights, ...teacher }), indices ?? []]);
};

/** A batch from an element of a data set. */
function batchOf(
  fn: string,
  { inputNames, outputNames }: tfl.LayersModel,
  element: unknown,
  needsLabels: boolean,
): Batch {
  const { xs, ys, indices, weights, teacherLogits, teacherFeatures, ...unknown }: Element =
    Object(element);
  const inputs = valuesOf(xs, inputNames);
  const [labels, ...others] = ys === undefined ? [] : valuesOf(ys, outputNames);
  const optional = [labels, weights, teacherLogits].filter((x) => x !== undefined);
  const features = teacherFeatures === undefined ? undefined : [teacherFeatures].flat();
  const isIndexed = indices === undefined || isTensor1D(indices);
  const isKnown = others.length === 0 && Object.keys(unknown).length === 0;
  const isLabelled = labels !== undefined || (ys === undefined && !needsLabels);
  const [first, ...rest] = inputs;
  if (
    isTensor(first) &&
    areTensors(rest) &&
    areTensors(optional) &&
    isLabelled &&
    isKnown &&
    isIndexed
  ) {
    const used = [first, ...rest, labels];
    const unused = [xs, ys].filter((x) => !isTensor(x)).flatMap((x) => Object.values(Object(x)));
    tf.dispose(unused.filter((x) => isTensor(x) && !used.includes(x)) as tf.Tensor[]);
    const taken = toBatch({
      xs: rest.length === 0 ? first : [first, ...rest],
      ys: labels as tf.Tensor | undefined,
      weights: weights as tf.Tensor | undefined,
      teacherLogits: teacherLogits as tf.Tensor | undefined,
      teacherFeatures: features as tf.Tensor[] | undefined,
    });
    try {
      checkTeacherTensors(fn, taken.teacher ?? {}, sizeOf(taken));
    } catch (error) {
      disposeBatch({ ...taken, indices });
      throw error;
    }
    return { ...taken, indices };
  }
  tf.dispose(Object(element));
  const names = `the model's ${inputNames.join(", ")} and ${outputNames.join(", ")}`;
  const expected = `{xs, ys} or {xs, ys, indices} of tensors for ${names}`;
  const got = `{${Object.keys(Object(element)).join(", ")}}`;
  throw new Error(`${fn}: the elements of the data set must be ${expected}, got ${got}`);
}

type Element = Record<string, unknown>;

const areTensors = (list: unknown[]): list is tf.Tensor[] => list.every(isTensor);

const isTensor1D = (x: unknown): x is tf.Tensor1D => isTensor(x) && x.rank === 1;

/** Values of an element of a data set: a single one, an array, or an object by the model's names. */
function valuesOf(x: unknown, names: readonly string[]): unknown[] {
  if (isTensor(x)) return [x];
  if (Array.isArray(x)) return x;
  const named: Record<string, unknown> = Object(x);
  return names.map((name) => named[name]);
}
