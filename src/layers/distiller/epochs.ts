import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, describeValue } from "../../internal/checks.ts";
import { checkDevice } from "../../ops/check-device.ts";
import { type Batch, type BatchSource, sizeOf } from "../data/batch-source.ts";
import type { ClassWeights } from "../data/sample-weights.ts";
import { epochLine, type Listeners, toCallback, yieldTo } from "./callbacks.ts";
import {
  checkDistillerCheckpoint,
  completeEpoch,
  type DistillerCheckpoint,
  initialProgress,
  type Progress,
  resumeProgress,
  saveProgress,
} from "./progress.ts";
import { evaluateBatches, type Parts, trainStep } from "./step.ts";
import { Totals } from "./totals.ts";
import { type YieldEvery, yieldAfter, yieldToEvents } from "./yield-to-events.ts";

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
  /**
   * A weight for each class index in the data, as in `tf.LayersModel.fit`. The loss reads the weights of
   * the samples as `weights`.
   */
  classWeight?: ClassWeights | undefined;
  /** 1 prints a line with the logs of each epoch to the console; default 0. */
  verbose?: 0 | 1 | undefined;
  /** When training yields to the event loop and calls `onYield` of callbacks; default `"auto"`. */
  yieldEvery?: YieldEvery | undefined;
  /** Saves the training run, and resumes from the checkpoint in the store if there is one. */
  checkpoint?: DistillerCheckpoint | undefined;
}

/** What training returns: as of `tf.LayersModel.fit`, but all values are numbers. */
export interface DistillerHistory extends tfl.History {
  /** Means of loss, terms and metrics for each epoch, by name. */
  history: Record<string, number[]>;
}

/** The options of {@link EpochOptions}. */
export const EPOCH_OPTIONS = [
  "epochs",
  "initialEpoch",
  "callbacks",
  "classWeight",
  "verbose",
  "yieldEvery",
  "checkpoint",
] as const;

/**
 * Trains epoch by epoch and calls the callbacks as `tf.LayersModel.fit` does.
 *
 * @param seed Seed of the orders of the samples; undefined disables shuffling.
 */
export async function trainEpochs(
  fn: string,
  parts: Parts,
  source: BatchSource,
  validation: BatchSource | undefined,
  options: EpochOptions,
  seed?: number,
): Promise<DistillerHistory> {
  const { epochs = 1, initialEpoch = 0, callbacks = [], checkpoint } = options;
  const { verbose = 0, yieldEvery = "auto" } = options;
  checkInteger(fn, "epochs", epochs, 1);
  checkInteger(fn, "initialEpoch", initialEpoch, 0);
  if (verbose !== 0 && verbose !== 1) {
    throw new Error(`${fn}: verbose must be 0 or 1, got ${describeValue(verbose)}`);
  }
  const yieldAfterMs = yieldAfter(fn, yieldEvery);
  if (checkpoint) checkDistillerCheckpoint(fn, checkpoint);
  const { student } = parts;
  const resumed = checkpoint && (await resumeProgress(fn, student, checkpoint));
  const progress = resumed ?? initialProgress(initialEpoch, seed);
  const history = new tfl.History() as DistillerHistory;
  const given = [callbacks].flat().map(toCallback);
  const list = new tfl.CallbackList([...given, history]);
  const { steps } = source;
  list.setModel(student);
  list.setParams({ epochs, initialEpoch, verbose, ...(steps !== undefined && { steps }) });
  student.stopTraining = false;
  await list.onTrainBegin();
  history.epoch = [...progress.epochs];
  history.history = structuredClone(progress.history);
  const onYield = yieldTo([callbacks].flat());
  const listeners = { list: given.length > 0 ? list : undefined, onYield, yieldAfterMs };
  while (progress.epoch < epochs && !student.stopTraining) {
    const { epoch } = progress;
    await list.onEpochBegin(epoch);
    const logs = await trainEpoch(parts, source, progress, listeners, checkpoint);
    const isExhausted = checkEnd(fn, source, progress, student.stopTraining);
    if (progress.batchInEpoch === 0) break;
    const held = validation ? await evaluateBatches(parts, validation) : {};
    for (const [name, mean] of Object.entries(held)) logs[`val_${name}`] = mean;
    await list.onEpochEnd(epoch, logs);
    completeEpoch(progress, logs);
    if (verbose) console.log(epochLine(epoch, epochs, logs));
    if (yieldEvery === "epoch") await yieldToEvents();
    checkDevice(parts.fn); // validation or a callback may have taken long
    if (checkpoint && progress.epoch % (checkpoint.everyEpochs ?? 1) === 0) {
      await saveProgress(student, checkpoint, progress);
    }
    if (isExhausted) break;
  }
  await list.onTrainEnd();
  return history;
}

/** Warns and returns true if the data ended before the epoch. Throws if there were no data at all. */
function checkEnd(
  fn: string,
  { batchesPerEpoch }: BatchSource,
  { epoch, batchInEpoch, globalStep }: Progress,
  isStopped: boolean,
): boolean {
  if (batchInEpoch === 0 && (batchesPerEpoch === undefined || globalStep === 0)) {
    throw new Error(`${fn}: dataset must have at least 1 batch in each epoch, got none`);
  }
  if (isStopped || batchesPerEpoch === undefined || batchInEpoch >= batchesPerEpoch) return false;
  console.warn(
    `${fn}: the data set ended after ${batchInEpoch} of ${batchesPerEpoch} batches of epoch ${epoch}, so training stops. It must have batchesPerEpoch * epochs batches. Add repeat() to it, or omit batchesPerEpoch.`,
  );
  return true;
}

/** Trains the rest of an epoch and advances `progress`. */
async function trainEpoch(
  parts: Parts,
  source: BatchSource,
  progress: Progress,
  { list, onYield, yieldAfterMs }: Listeners,
  checkpoint: DistillerCheckpoint | undefined,
): Promise<Record<string, number>> {
  const totals = new Totals(progress.totals);
  let lastPause = performance.now();
  try {
    for await (const batch of source.batches(progress)) {
      await trainBatch(parts, batch, progress.batchInEpoch, totals, list);
      checkDevice(parts.fn);
      progress.batchInEpoch += 1;
      progress.globalStep += 1;
      if (checkpoint?.everySteps && progress.globalStep % checkpoint.everySteps === 0) {
        progress.totals = await totals.state();
        await saveProgress(parts.student, checkpoint, progress);
      }
      if (parts.student.stopTraining) break;
      if (performance.now() - lastPause < yieldAfterMs) continue;
      await onYield(progress.epoch, progress.batchInEpoch - 1, totals);
      lastPause = performance.now();
    }
    return await totals.means();
  } finally {
    totals.dispose();
    checkDevice(parts.fn); // in place of the zeros or errors that a lost context gives
  }
}

async function trainBatch(
  parts: Parts,
  batch: Batch,
  index: number,
  totals: Totals,
  listeners: tfl.CallbackList | undefined,
): Promise<void> {
  const size = sizeOf(batch);
  await listeners?.onBatchBegin(index, { batch: index, size });
  const scalars = await trainStep(parts, batch);
  try {
    totals.add(scalars, size);
    await listeners?.onBatchEnd(index, { batch: index, size, ...scalars });
  } finally {
    tf.dispose(scalars);
  }
}
