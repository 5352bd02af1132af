import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";
import { disposeBatch, type Source } from "./sources.ts";
import { evaluateBatches, type Parts, trainStep } from "./step.ts";
import { Totals } from "./totals.ts";

type Callbacks = tfl.Callback | tfl.CustomCallbackArgs;

/** Options of both `fit` and `fitDataset`, as of `tf.LayersModel`. */
export interface EpochOptions {
  /** Index of the last epoch plus 1; default 1. */
  epochs?: number | undefined;
  /** Index of the first epoch; default 0. */
  initialEpoch?: number | undefined;
  callbacks?: Callbacks | readonly Callbacks[] | undefined;
}

/** How long training may keep the event loop waiting, as in `tf.LayersModel.fit`. */
const YIELD_AFTER_MS = 125;

/** Trains epoch by epoch, with all that `tf.LayersModel.fit` tells its callbacks. */
export async function trainEpochs(
  fn: string,
  parts: Parts,
  source: Source,
  validation: Source | undefined,
  { epochs = 1, initialEpoch = 0, callbacks = [] }: EpochOptions,
): Promise<tfl.History> {
  checkInteger(fn, "epochs", epochs, 1);
  checkInteger(fn, "initialEpoch", initialEpoch, 0);
  const { student } = parts;
  const history = new tfl.History();
  const given = [callbacks].flat().map(toCallback);
  const list = new tfl.CallbackList([...given, history]);
  list.setModel(student);
  list.setParams({ epochs, initialEpoch, steps: source.steps ?? 0, verbose: 0 });
  student.stopTraining = false;
  await list.onTrainBegin();
  for (let epoch = initialEpoch; epoch < epochs && !student.stopTraining; epoch++) {
    await list.onEpochBegin(epoch);
    const logs = await trainEpoch(parts, source, epoch, given.length > 0 ? list : undefined);
    const held = validation ? await evaluateBatches(parts, validation) : {};
    for (const [name, mean] of Object.entries(held)) logs[`val_${name}`] = mean;
    await list.onEpochEnd(epoch, logs);
  }
  await list.onTrainEnd();
  return history;
}

async function trainEpoch(
  parts: Parts,
  source: Source,
  epoch: number,
  callbacks: tfl.CallbackList | undefined,
): Promise<Record<string, number>> {
  const totals = new Totals();
  let lastPause = performance.now();
  let step = 0;
  try {
    for await (const batch of source.batches(epoch)) {
      const size = batch.labels.shape[0]!;
      try {
        await callbacks?.onBatchBegin(step, { batch: step, size });
        const { names, values } = await trainStep(parts, batch);
        const scalars = callbacks ? tf.unstack(values) : [];
        totals.add({ names, values }, size);
        const logs = Object.fromEntries(scalars.map((scalar, i) => [names[i]!, scalar]));
        await callbacks?.onBatchEnd(step, { batch: step, size, ...(logs as Logs) });
        tf.dispose(scalars);
      } finally {
        disposeBatch(batch);
      }
      if (parts.student.stopTraining) break;
      step += 1;
      if (performance.now() - lastPause < YIELD_AFTER_MS) continue;
      await tf.nextFrame();
      lastPause = performance.now();
    }
    return await totals.means();
  } finally {
    totals.dispose();
  }
}

type Logs = Record<string, tf.Scalar>;

const toCallback = (callback: Callbacks): tfl.Callback =>
  callback instanceof tfl.Callback
    ? callback
    : (new tfl.CustomCallback(callback, "never") as unknown as tfl.Callback);
