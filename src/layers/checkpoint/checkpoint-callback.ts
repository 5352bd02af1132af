import type * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";
import { encodeCheckpoint, restoreCheckpoint } from "./checkpoint.ts";
import type { CheckpointStore } from "./file-checkpoint.ts";
import type { TrainingState } from "./training-state.ts";

/** Options of {@link CheckpointCallback}. */
export interface CheckpointCallbackOptions {
  /** Epochs from one checkpoint to the next; default 1. */
  everyEpochs?: number | undefined;
  /** What else changes in training, such as the centroids of a {@link CentroidCallback}. */
  tensors?: Record<string, tf.Variable> | undefined;
}

/**
 * Writes a checkpoint during `model.fit` or `fitDataset`: the model, its optimizer, variables of your
 * own, the epoch and the history. A training that was killed continues from the last one.
 *
 * It ends with bitwise the same weights as one that was not killed if an epoch depends on nothing but
 * that state and its number:
 *
 * - `model.fit` shuffles by `Math.random`: give it `shuffle: false` and data that are shuffled
 *   already, or shuffle for each epoch by its number in a dataset of your own. A `tf.data` dataset
 *   with a seeded `shuffle` starts its random numbers anew when the program does, so that it needs
 *   `reshuffleEachIteration: false`.
 * - Dropout needs a `seed`.
 * - Learning rates that are functions of the epoch, as of {@link LearningRateScheduler}.
 *
 * Put it last in the list of callbacks, so that it sees what others log. The state of other callbacks,
 * such as the patience of early stopping, is not saved.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { CheckpointCallback, fileCheckpoint } from "kd-cmi/layers";
 *
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
 * model.compile({ optimizer: tf.train.adam(0.1), loss: "meanSquaredError" });
 * const checkpoint = new CheckpointCallback(fileCheckpoint("fit.checkpoint"), { everyEpochs: 2 });
 * const initialEpoch = await checkpoint.resume(model); // 0 at the first start
 * const callbacks = [checkpoint];
 * const fit = { epochs: 6, initialEpoch, shuffle: false, verbose: 0, callbacks } as const;
 * await model.fit(tf.ones([8, 2]), tf.ones([8, 1]), fit);
 * console.log(checkpoint.history.loss); // of all epochs, those before the interruption too
 * ```
 */
export class CheckpointCallback extends tfl.Callback {
  /** Losses and metrics of each epoch, from the first one on, as `History` has them. */
  history: Record<string, number[]> = {};
  private readonly everyEpochs: number;
  private readonly tensors: Record<string, tf.Variable>;

  /**
   * @param store Where the checkpoint is kept; each takes the place of the one before.
   * @param options How often, and what else.
   * @throws If `everyEpochs` is not an integer of at least 1. During `fit`, what the store throws.
   */
  constructor(
    private readonly store: CheckpointStore,
    { everyEpochs = 1, tensors = {} }: CheckpointCallbackOptions = {},
  ) {
    super();
    checkInteger("CheckpointCallback", "everyEpochs", everyEpochs, 1);
    this.everyEpochs = everyEpochs;
    this.tensors = tensors;
  }

  /**
   * Continues from the checkpoint in the store, if there is one.
   *
   * @param model The model, compiled, with the optimizer to continue with.
   * @returns The `initialEpoch` for `fit`: the number of epochs done, 0 without a checkpoint.
   * @throws If the model is not compiled, and what {@link restoreCheckpoint} throws; nothing has
   * changed then.
   */
  async resume(model: tfl.LayersModel): Promise<number> {
    if (!model.optimizer) {
      throw new Error("CheckpointCallback.resume: model must be compiled, got one that is not");
    }
    const bytes = await this.store.read();
    if (!bytes) return 0;
    const { values } = restoreCheckpoint(bytes, this.stateOf(model));
    this.history = values.history as Record<string, number[]>;
    return values.epoch as number;
  }

  override async onEpochEnd(epoch: number, logs: Record<string, number | tf.Scalar> = {}) {
    for (const [key, log] of Object.entries(logs)) {
      const value = typeof log === "number" ? log : (await log.data())[0]!;
      this.history[key] = [...(this.history[key] ?? []).slice(0, epoch), value];
    }
    if ((epoch + 1) % this.everyEpochs !== 0) return;
    const values = { epoch: epoch + 1, history: this.history };
    await this.store.write(await encodeCheckpoint({ ...this.stateOf(this.model), values }));
  }

  private stateOf(model: tfl.LayersModel): TrainingState {
    return { models: { model }, optimizer: model.optimizer, tensors: this.tensors };
  }
}
