import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";
import { disposeBatch, type Source } from "../data/batch-sources.ts";
import { type DistillerCheckpoint, type Progress, resumeFrom, saveProgress } from "./progress.ts";
import { evaluateBatches, type Parts, trainStep } from "./step.ts";
import { Totals } from "./totals.ts";

/** Options of both `fit` and `fitDataset`, as of `tf.LayersModel`. */
export interface EpochOptions {
  /** Index of the last epoch plus 1; default 1. */
  epochs?: number | undefined;
  /** Index of the first epoch; default 0. */
  initialEpoch?: number | undefined;
  callbacks?:
    | tfl.Callback
    | tfl.CustomCallbackArgs
    | readonly (tfl.Callback | tfl.CustomCallbackArgs)[]
    | undefined;
  /** Saves the training, and continues from where the store says that it stood. */
  checkpoint?: DistillerCheckpoint | undefined;
}

/** How long training may keep the event loop waiting, as in `tf.LayersModel.fit`. */
const YIELD_AFTER_MS = 125;

/**
 * Trains epoch by epoch, with all that `tf.LayersModel.fit` tells its callbacks.
 *
 * @param seed Of the orders of the samples; undefined where they are not shuffled.
 */
export async function trainEpochs(
  fn: string,
  parts: Parts,
  source: Source,
  validation: Source | undefined,
  { epochs = 1, initialEpoch = 0, callbacks = [], checkpoint }: EpochOptions,
  seed?: number,
): Promise<tfl.History> {
  checkInteger(fn, "epochs", epochs, 1);
  checkInteger(fn, "initialEpoch", initialEpoch, 0);
  const { student } = parts;
  const resumed = checkpoint && (await resumeFrom(fn, student, checkpoint));
  const progress = resumed ?? begin(initialEpoch, seed);
  const history = new tfl.History();
  const given = [callbacks].flat().map(toCallback);
  const list = new tfl.CallbackList([...given, history]);
  list.setModel(student);
  list.setParams({ epochs, initialEpoch, steps: source.steps as number, verbose: 0 });
  student.stopTraining = false;
  await list.onTrainBegin();
  history.epoch = progress.epochs;
  history.history = progress.history;
  while (progress.epoch < epochs && !student.stopTraining) {
    const { epoch } = progress;
    await list.onEpochBegin(epoch);
    const told = given.length > 0 ? list : undefined;
    const logs = await trainEpoch(parts, source, progress, told, checkpoint);
    const held = validation ? await evaluateBatches(parts, validation) : {};
    for (const [name, mean] of Object.entries(held)) logs[`val_${name}`] = mean;
    await list.onEpochEnd(epoch, logs);
    Object.assign(progress, { epoch: epoch + 1, step: 0, totals: undefined });
    if (checkpoint) await saveProgress(student, checkpoint, progress);
  }
  await list.onTrainEnd();
  return history;
}

const begin = (epoch: number, seed: number | undefined): Progress => ({
  epoch,
  step: 0,
  steps: 0,
  seed,
  totals: undefined,
  epochs: [],
  history: {},
});

/** The rest of an epoch; `progress` moves on with it. */
async function trainEpoch(
  parts: Parts,
  source: Source,
  progress: Progress,
  callbacks: tfl.CallbackList | undefined,
  checkpoint: DistillerCheckpoint | undefined,
): Promise<Record<string, number>> {
  const totals = new Totals(progress.totals);
  let lastPause = performance.now();
  try {
    for await (const batch of source.batches(progress)) {
      const size = batch.labels.shape[0]!;
      const { step } = progress;
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
      progress.step += 1;
      progress.steps += 1;
      if (checkpoint?.everySteps && progress.steps % checkpoint.everySteps === 0) {
        progress.totals = await totals.state();
        await saveProgress(parts.student, checkpoint, progress);
      }
      if (parts.student.stopTraining) break;
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

const toCallback = (callback: tfl.Callback | tfl.CustomCallbackArgs): tfl.Callback =>
  callback instanceof tfl.Callback
    ? callback
    : (new tfl.CustomCallback(callback, "never") as unknown as tfl.Callback);
