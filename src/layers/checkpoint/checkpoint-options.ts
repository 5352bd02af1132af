import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, describeValue } from "../../internal/checks.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { encodeCheckpoint } from "./encode-checkpoint.ts";
import { restoreCheckpoint } from "./restore-checkpoint.ts";
import type { TrainingState } from "./training-state.ts";

/** How often a training run is saved, and which state its checkpoint covers. */
export interface CheckpointOptions {
  /** Storage of the checkpoint. Each replaces the previous one. */
  store: CheckpointStore;
  /** Epochs from one checkpoint to the next; default 1. */
  everyEpochs?: number | undefined;
  /** Models that are trained too, such as projection heads, under names of your choice. */
  models?: Record<string, tfl.LayersModel> | undefined;
  /**
   * Returns all other tensors that change in training, such as centroids and contrast banks. Called for
   * each checkpoint. A `tf.Variable` is restored in place.
   */
  tensors?: (() => Record<string, tf.Tensor>) | undefined;
  /** Gets the restored tensors that are not variables and owns them. Called before training continues. */
  onRestore?: ((tensors: Record<string, tf.Tensor>) => void) | undefined;
}

/** The options of {@link CheckpointOptions}. */
export const CHECKPOINT_OPTIONS = [
  "store",
  "everyEpochs",
  "models",
  "tensors",
  "onRestore",
] as const;

export function checkCheckpointOptions(
  fn: string,
  prefix: string,
  { store, everyEpochs = 1 }: CheckpointOptions,
): void {
  if (typeof store?.read !== "function" || typeof store.write !== "function") {
    const expected = "have functions read and write, as that of fileCheckpoint has";
    throw new Error(`${fn}: ${prefix}store must ${expected}, got ${describeValue(store)}`);
  }
  checkInteger(fn, `${prefix}everyEpochs`, everyEpochs, 1);
}

/** Saves the trained models, their optimizer and the options' models and tensors. */
export async function saveTo(
  options: CheckpointOptions,
  trained: Record<string, tfl.LayersModel>,
  optimizer: tf.Optimizer,
  values: Record<string, unknown>,
): Promise<void> {
  const state = { ...stateOf(options, trained, optimizer), values };
  await options.store.write(await encodeCheckpoint(state));
}

/** Restores the checkpoint in the store, if there is one, and returns its values. */
export async function restoreFrom(
  fn: string,
  options: CheckpointOptions,
  trained: Record<string, tfl.LayersModel>,
  optimizer: tf.Optimizer,
): Promise<Record<string, unknown> | undefined> {
  const bytes = await options.store.read();
  if (!bytes) return undefined;
  const state = stateOf(options, trained, optimizer);
  const constant = Object.entries(state.tensors).find(([, x]) => !(x instanceof tf.Variable));
  if (constant && !options.onRestore) {
    const expected = `given to restore ${constant[0]}, which is not a tf.Variable`;
    throw new Error(`${fn}: onRestore must be ${expected}, got none`);
  }
  const { tensors, values } = restoreCheckpoint(bytes, state);
  if (options.onRestore) options.onRestore(tensors);
  else tf.dispose(tensors);
  return values;
}

const stateOf = (
  { models, tensors }: CheckpointOptions,
  trained: Record<string, tfl.LayersModel>,
  optimizer: tf.Optimizer,
): TrainingState & { tensors: Record<string, tf.Tensor> } => ({
  models: { ...trained, ...models },
  optimizer,
  tensors: tensors?.() ?? {},
});
