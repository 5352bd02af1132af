import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";
import { encodeCheckpoint, restoreCheckpoint } from "../checkpoint/checkpoint.ts";
import type { CheckpointStore } from "../checkpoint/file-checkpoint.ts";
import type { TotalsState } from "./totals.ts";

/**
 * How a {@link Distiller} saves its training and continues one that was interrupted: student and
 * optimizer, the history, and where in which order of the data it is.
 */
export interface DistillerCheckpoint {
  /** Where the checkpoint is kept; each takes the place of the one before. */
  store: CheckpointStore;
  /** Steps from one checkpoint to the next; default: one at the end of each epoch. */
  everySteps?: number | undefined;
  /** What the loss trains beside the student, such as projection heads, under names of your own. */
  models?: Record<string, tfl.LayersModel> | undefined;
  /** What else changes, such as contrast banks; called for each checkpoint. */
  tensors?: (() => Record<string, tf.Tensor>) | undefined;
  /** Is given those of the checkpoint that are no variables, before the training goes on. */
  onRestore?: ((tensors: Record<string, tf.Tensor>) => void) | undefined;
}

/** Where a training stands. */
export interface Progress {
  epoch: number;
  /** Done in this epoch, and in all. */
  step: number;
  steps: number;
  seed: number | undefined;
  /** Of this epoch so far. */
  totals: TotalsState | undefined;
  /** As `tfl.History` has it. */
  epochs: number[];
  history: Record<string, number[]>;
}

/** Restores what the store has, if anything, and tells where the training stood. */
export async function resumeFrom(
  fn: string,
  student: tfl.LayersModel,
  checkpoint: DistillerCheckpoint,
): Promise<Progress | undefined> {
  const { store, everySteps, onRestore } = checkpoint;
  if (everySteps !== undefined) checkInteger(fn, "checkpoint.everySteps", everySteps, 1);
  const bytes = await store.read();
  if (!bytes) return undefined;
  const { tensors, values } = restoreCheckpoint(bytes, stateOf(student, checkpoint));
  onRestore?.(tensors);
  return values as unknown as Progress;
}

export async function saveProgress(
  student: tfl.LayersModel,
  checkpoint: DistillerCheckpoint,
  progress: Progress,
): Promise<void> {
  const state = { ...stateOf(student, checkpoint), values: { ...progress } };
  await checkpoint.store.write(await encodeCheckpoint(state));
}

const stateOf = (student: tfl.LayersModel, { models, tensors }: DistillerCheckpoint) => ({
  models: { student, ...models },
  optimizer: student.optimizer,
  tensors: tensors?.() ?? {},
});
