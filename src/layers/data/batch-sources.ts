import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkNumber } from "../../internal/checks.ts";
import { randomSource } from "../../internal/random.ts";
import { gatherRows } from "../../ops/gather-rows.ts";
import { type LabelledDataset, tensorsOf } from "./labelled-data.ts";

/** Samples that go through the networks together. */
export interface Batch {
  inputs: tf.Tensor | tf.Tensor[];
  labels: tf.Tensor;
  /** Where the samples stand in the training data, int32 [N], if that is known. */
  indices: tf.Tensor1D | undefined;
}

/** Where batches come from. Whoever takes a batch disposes it. */
export interface Source {
  /** Batches of an epoch, where that is known. */
  steps: number | undefined;
  /** The batches that are left of an epoch. */
  batches(place: Place): AsyncGenerator<Batch>;
}

/** Where a training stands in its data. */
export interface Place {
  epoch: number;
  /** Batches taken in this epoch, and in all. */
  step: number;
  steps: number;
  /** Of the order of the samples in each epoch; undefined leaves the rows as they are. */
  seed: number | undefined;
}

/** The beginning, with the rows as they are. */
export const START: Place = { epoch: 0, step: 0, steps: 0, seed: undefined };

/** Inputs and labels. */
export type Samples = readonly [inputs: tf.Tensor | tf.Tensor[], labels: tf.Tensor];

/** The rows of tensors; those that are trained on, without a name, know their numbers. */
export function tensorSource(
  fn: string,
  samples: Samples,
  batchSize: number,
  name?: string,
): Source {
  const [inputs, labels] = checkSamples(fn, name ?? "inputs", samples);
  const total = labels.shape[0]!;
  const steps = Math.ceil(total / batchSize);
  return {
    steps,
    async *batches({ epoch, step: first, seed }) {
      const order = seed === undefined ? range(total) : shuffled(total, seed, epoch);
      for (let step = first; step < steps; step++) {
        const rows = order.slice(step * batchSize, (step + 1) * batchSize);
        const indices = tf.tensor1d(rows, "int32");
        const take = (x: tf.Tensor) => takeRows(x, indices);
        const batch = {
          inputs: Array.isArray(inputs) ? inputs.map(take) : take(inputs),
          labels: take(labels),
        };
        if (name === undefined) {
          yield { ...batch, indices };
        } else {
          indices.dispose();
          yield { ...batch, indices: undefined };
        }
      }
    },
  };
}

/** Splits the last share of the samples off; without one `held` is undefined. */
export function holdOut(fn: string, samples: Samples, share: number) {
  checkNumber(fn, "validationSplit", share, { minimum: 0, maximum: 1 });
  const [inputs, labels] = checkSamples(fn, "inputs", samples);
  const total = labels.shape[0]!;
  const count = total - Math.floor(share * total);
  if (count === total) return { kept: samples, held: undefined };
  if (count === 0) throw new Error(`${fn}: validationSplit must leave a sample, got ${share}`);
  const part = (start: number, size: number): Samples => {
    const cut = (x: tf.Tensor) => tf.slice(x, start, size);
    return [Array.isArray(inputs) ? inputs.map(cut) : cut(inputs), cut(labels)];
  };
  return { kept: part(0, count), held: part(count, total - count) };
}

function checkSamples(fn: string, name: string, samples: Samples): Samples {
  const [inputs, labels] = samples ?? [];
  const tensors = [inputs, labels].flat();
  if (tensors.length < 2 || !tensors.every((x) => x instanceof tf.Tensor && x.rank > 0)) {
    throw new Error(`${fn}: ${name} and its labels must be tensors of samples`);
  }
  const [total] = labels!.shape;
  const other = tensors.find((x) => x!.shape[0] !== total);
  if (other || total === 0) {
    const got = `[${(other ?? labels!).shape}]`;
    throw new Error(
      `${fn}: ${name} must have the samples of labels [${labels!.shape}], at least 1, got ${got}`,
    );
  }
  return samples;
}

/**
 * The elements of a data set, each a batch. With a number of batches the data set goes on from epoch
 * to epoch, else it begins anew.
 */
export function datasetSource(
  fn: string,
  student: tfl.LayersModel,
  dataset: LabelledDataset,
  steps?: number,
): Source {
  let iterator: Awaited<ReturnType<LabelledDataset["iterator"]>> | undefined;
  return {
    steps,
    async *batches(place) {
      const isNew = steps === undefined || iterator === undefined;
      if (isNew) iterator = await dataset.iterator();
      // Where the data set goes on from epoch to epoch, all that was taken from it comes first.
      let skipped = isNew ? (steps === undefined ? place.step : place.steps) : 0;
      for (let step = place.step; steps === undefined || step < steps; ) {
        const { value, done } = await iterator!.next();
        if (done) return;
        const batch = toBatch(fn, student, value);
        if (skipped > 0) {
          skipped -= 1;
          disposeBatch(batch);
        } else {
          step += 1;
          yield batch;
        }
      }
    },
  };
}

export const disposeBatch = ({ inputs, labels, indices }: Batch): void => {
  tf.dispose([inputs, labels, indices ?? []]);
};

/** An element of a data set, its inputs in the student's order. */
function toBatch(fn: string, student: tfl.LayersModel, element: unknown): Batch {
  const { xs, ys, indices } = (element ?? {}) as Record<string, unknown>;
  const inputs = tensorsOf(xs, student.inputNames);
  const isBatch = inputs.every((x) => x instanceof tf.Tensor) && ys instanceof tf.Tensor;
  const isIndexed = indices === undefined || indices instanceof tf.Tensor;
  if (!isBatch || !isIndexed || inputs.length === 0) {
    const got = Object.keys((element ?? {}) as object).join(", ");
    throw new Error(
      `${fn}: an element of the dataset must be {xs, ys} or {xs, ys, indices}, each of tensors, got {${got}}`,
    );
  }
  return {
    inputs: inputs.length === 1 ? inputs[0]! : inputs,
    labels: ys,
    indices: indices as tf.Tensor1D | undefined,
  };
}

/** Rows of a tensor of any rank. */
const takeRows = (x: tf.Tensor, indices: tf.Tensor1D): tf.Tensor =>
  tf.tidy(() => {
    const rows = gatherRows(tf.reshape(x, [x.shape[0]!, -1]), indices);
    return tf.reshape(rows, [indices.shape[0], ...x.shape.slice(1)]);
  });

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** 0…n−1 in an order that depends on seed and epoch alone, so that training can be resumed. */
function shuffled(n: number, seed: number, epoch: number): number[] {
  const random = randomSource(seed * 65_537 + epoch);
  const order = range(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
