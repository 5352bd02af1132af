import type * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkOptions } from "../../internal/checks.ts";
import {
  CHECKPOINT_OPTIONS,
  type CheckpointOptions,
  checkCheckpointOptions,
  restoreFrom,
  saveTo,
} from "../checkpoint/checkpoint-options.ts";
import type { Place } from "../data/batch-source.ts";
import type { TotalsState } from "./totals.ts";

/**
 * How a {@link Distiller} saves its training run and resumes an interrupted one: student, optimizer,
 * history, and the position in the data and its order.
 */
export interface DistillerCheckpoint extends CheckpointOptions {
  /** Steps from one checkpoint to the next, in addition to those at the end of epochs; default none. */
  everySteps?: number | undefined;
}

/** State of a training run, apart from models and optimizer. */
export interface Progress extends Place {
  /** Sums of the current epoch. */
  totals: TotalsState | undefined;
  /** Epochs done, and their logs, as in `tfl.History`. */
  epochs: number[];
  history: Record<string, number[]>;
}

/** The state of a run that has not begun. */
export const initialProgress = (epoch: number, seed: number | undefined): Progress => ({
  epoch,
  batchInEpoch: 0,
  globalStep: 0,
  seed,
  totals: undefined,
  epochs: [],
  history: {},
});

/** Completes an epoch. */
export function completeEpoch(progress: Progress, logs: Record<string, number>): void {
  progress.epochs.push(progress.epoch);
  for (const [name, value] of Object.entries(logs)) {
    progress.history[name] = [...(progress.history[name] ?? []), value];
  }
  progress.epoch += 1;
  progress.batchInEpoch = 0;
  progress.totals = undefined;
}

export function checkDistillerCheckpoint(fn: string, checkpoint: DistillerCheckpoint): void {
  checkOptions(fn, checkpoint, [...CHECKPOINT_OPTIONS, "everySteps"], "checkpoint");
  checkCheckpointOptions(fn, "checkpoint.", checkpoint);
  const { everySteps } = checkpoint;
  if (everySteps !== undefined) checkInteger(fn, "checkpoint.everySteps", everySteps, 1);
}

/** Restores the store's checkpoint, if there is one, and returns its progress. */
export async function resumeProgress(
  fn: string,
  student: tfl.LayersModel,
  checkpoint: DistillerCheckpoint,
): Promise<Progress | undefined> {
  const values = await restoreFrom(fn, checkpoint, { student }, student.optimizer);
  return values?.progress as Progress | undefined;
}

export const saveProgress = (
  student: tfl.LayersModel,
  checkpoint: DistillerCheckpoint,
  progress: Progress,
): Promise<void> => saveTo(checkpoint, { student }, student.optimizer, { progress });
