import type * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions } from "../../internal/checks.ts";
import {
  CHECKPOINT_OPTIONS,
  type CheckpointOptions,
  checkCheckpointOptions,
  restoreFrom,
  saveTo,
} from "./checkpoint-options.ts";
import { reorderSlots } from "./optimizer-state.ts";
import { setSlotVariables, slotVariables } from "./slot-variables.ts";

/**
 * Writes checkpoints during `model.fit` or `fitDataset`: the model, its optimizer, other models and
 * tensors, the epoch and the history. A run that was killed resumes from the last one.
 *
 * It ends with bitwise the same weights as an uninterrupted run if an epoch depends only on that state
 * and its number:
 *
 * - `model.fit` shuffles by `Math.random`. Use `shuffle: false` and data that are already shuffled, or
 *   shuffle each epoch by its number in a custom dataset. A `tf.data` dataset with a seeded `shuffle`
 *   restarts its random numbers when the program restarts, so it needs
 *   `reshuffleEachIteration: false`.
 * - Dropout needs a `seed`.
 * - Learning rates must be functions of the epoch, as in {@link LearningRateScheduler}.
 *
 * Layers may be frozen or thawed before a run resumes. Thawed ones start with new optimizer state.
 *
 * Put it last in the list of callbacks, so that it sees the logs of the others. The state of other
 * callbacks, such as the patience of early stopping, is not saved.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { CheckpointCallback, fileCheckpoint } from "kd-cmi/layers";
 *
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
 * model.compile({ optimizer: tf.train.adam(0.1), loss: "meanSquaredError" });
 * const checkpoint = new CheckpointCallback({ store: fileCheckpoint("fit.checkpoint") });
 * const initialEpoch = await checkpoint.resume(model); // 0 without a checkpoint
 * const callbacks = [checkpoint];
 * const fit = { epochs: 6, initialEpoch, shuffle: false, verbose: 0, callbacks } as const;
 * await model.fit(tf.ones([8, 2]), tf.ones([8, 1]), fit);
 * console.log(checkpoint.history.loss); // of all epochs, also before the interruption
 * ```
 */
export class CheckpointCallback extends tfl.Callback {
  /** Losses and metrics of each epoch from the first one on, as in `History`. */
  history: Record<string, number[]> = {};

  /**
   * @param options Storage, frequency, and state other than model and optimizer.
   * @throws If the store or another option is not as described. During `fit`, the errors of the store.
   */
  constructor(private readonly options: CheckpointOptions) {
    super();
    checkOptions("CheckpointCallback", options, CHECKPOINT_OPTIONS);
    checkCheckpointOptions("CheckpointCallback", "", options);
  }

  /**
   * Restores the checkpoint in the store, if there is one.
   *
   * @param model The model, compiled, with the optimizer to continue with.
   * @returns The `initialEpoch` for `fit`: the number of epochs done, 0 without a checkpoint.
   * @throws If the model is not compiled, if `onRestore` is missing for a tensor that is not a variable,
   * and the errors of {@link restoreCheckpoint}. In these cases nothing has changed.
   */
  async resume(model: tfl.LayersModel): Promise<number> {
    const fn = "CheckpointCallback.resume";
    if (!model.optimizer) throw new Error(`${fn}: model must be compiled, got one that is not`);
    const values = await restoreFrom(fn, this.options, { model }, model.optimizer);
    if (!values) return 0;
    const saved = slotVariables(model.optimizer);
    const trained = trainableVariables(model);
    if (saved.length > 0) reorderSlots(model.optimizer, saved, trained);
    this.history = values.history as Record<string, number[]>;
    return values.epoch as number;
  }

  override async onEpochEnd(epoch: number, logs: Record<string, number | tf.Scalar> = {}) {
    for (const [key, log] of Object.entries(logs)) {
      const value = typeof log === "number" ? log : (await log.data())[0]!;
      this.history[key] = [...(this.history[key] ?? []).slice(0, epoch), value];
    }
    if ((epoch + 1) % (this.options.everyEpochs ?? 1) !== 0) return;
    const { model, history } = this;
    setSlotVariables(model.optimizer, trainableVariables(model));
    await saveTo(this.options, { model }, model.optimizer, { epoch: epoch + 1, history });
  }
}

/** The variables that `model.fit` trains, in its order. */
const trainableVariables = (model: tfl.LayersModel): tf.Variable[] =>
  model.trainableWeights.map((weight) => weight.read() as tf.Variable);
