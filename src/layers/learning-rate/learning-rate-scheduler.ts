import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions, describeValue } from "../../internal/checks.ts";
import type { LearningRateSchedule } from "./learning-rate-schedule.ts";
import { learningRateOf, setLearningRate } from "./set-learning-rate.ts";

/** Options of {@link LearningRateScheduler}. */
export interface LearningRateSchedulerOptions {
  /** Whether the rate is set before each epoch (default) or before each batch. */
  per?: "epoch" | "batch" | undefined;
}

/**
 * Sets the learning rate of the optimizer by a schedule during `model.fit` or `fitDataset`. Adds the
 * rate of the epoch's last batch to the History as `lr`, as Keras does.
 *
 * Works with all optimizers of `tf.train`. Put it before callbacks that read the logs. With
 * `per: "batch"`, `fitDataset` needs `batchesPerEpoch` or a dataset of known size.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { cosineSchedule, LearningRateScheduler } from "kd-cmi/layers";
 *
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
 * model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: "meanSquaredError" });
 * const schedule = cosineSchedule({ initial: 0.1, epochs: 4, warmupEpochs: 1 });
 * const callbacks = [new LearningRateScheduler(schedule, { per: "batch" })];
 * const fit = { epochs: 4, verbose: 0, callbacks } as const;
 * const { history } = await model.fit(tf.ones([8, 2]), tf.ones([8, 1]), fit);
 * console.log(history.lr);
 * ```
 */
export class LearningRateScheduler extends tfl.Callback {
  private readonly per: "epoch" | "batch";
  private epoch = 0;

  /**
   * @param schedule The rate as a function of the epoch, counted from 0, with a fraction for batches.
   * @param options How often the rate is set.
   * @throws If `schedule` is no function or an option is not as described. During `fit`, if the optimizer has no learning rate, the schedule returns a rate that is
   * negative or not finite, or the number of batches in an epoch is needed and not known.
   */
  constructor(
    private readonly schedule: LearningRateSchedule,
    options: LearningRateSchedulerOptions = {},
  ) {
    super();
    if (typeof schedule !== "function") {
      const got = describeValue(schedule);
      throw new Error(`LearningRateScheduler: schedule must be a function, got ${got}`);
    }
    checkOptions("LearningRateScheduler", options, ["per"]);
    const { per = "epoch" } = options;
    if (per !== "epoch" && per !== "batch") {
      throw new Error(`LearningRateScheduler: per must be "epoch" or "batch", got ${per}`);
    }
    this.per = per;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.epoch = epoch;
    if (this.per === "epoch") setLearningRate(this.model.optimizer, this.schedule(epoch));
  }

  override async onBatchBegin(batch: number): Promise<void> {
    if (this.per === "epoch") return;
    const { steps, samples, batchSize } = this.params;
    const batches = Number(steps ?? Math.ceil(Number(samples) / Number(batchSize)));
    if (!batches) {
      const expected = "fitDataset with batchesPerEpoch, or a dataset of known size";
      throw new Error(`LearningRateScheduler: per "batch" needs ${expected}, got neither`);
    }
    setLearningRate(this.model.optimizer, this.schedule(this.epoch + batch / batches));
  }

  override async onEpochEnd(_: number, logs?: Record<string, unknown>): Promise<void> {
    if (logs) logs.lr = learningRateOf("LearningRateScheduler", this.model.optimizer);
  }
}
