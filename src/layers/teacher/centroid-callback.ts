import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { CmiReport } from "../../information/cmi-sums.ts";
import { updateCentroids } from "../../information/update-centroids.ts";
import { checkCentroids, checkNumber, checkOptions } from "../../internal/checks.ts";
import type { LabelledData } from "../data/labelled-data.ts";
import { checkClassifier, warnOfFromLogits } from "../model/classifier-output.ts";
import { BatchObserver } from "./batch-observer.ts";
import { checkClassifiedData, checkPass, estimateCmi, type PassOptions } from "./estimate-cmi.ts";

const CALLBACK = "CentroidCallback";

/** Options of {@link CentroidCallback}. */
export interface CentroidCallbackOptions extends PassOptions {
  /**
   * The training data: `{xs, ys}` in memory, or a finite `tf.data.Dataset`. Required by `"epoch"` and
   * by `onReport`. A pass over a data set that shuffles advances its random order, as an epoch does.
   * Pass it unshuffled to leave the order of training unchanged.
   */
  data?: LabelledData | undefined;
  /** When the centroids are updated: before each epoch (default), or after each step. */
  strategy?: "epoch" | "ema" | undefined;
  /** Share d of the old value in `"ema"`, within 0–1; default 0.9 as in `updateCentroids`. */
  decay?: number | undefined;
  /** Called with the estimator's report before an epoch. */
  onReport?: ((epoch: number, report: CmiReport) => void) | undefined;
}

/**
 * Updates the centroids of an MCMI teacher during `model.fit` or `model.fitDataset`.
 * {@link compiledMcmiLoss} treats them as constants within a step.
 *
 * - `strategy: "epoch"`: exact centroids of the training data before each epoch, by a `CmiEstimator`.
 *   This is the alternation of Ye et al., ICLR 2024 (arXiv 2401.08732), algorithm 1. Costs one forward
 *   pass over the data per epoch.
 * - `strategy: "ema"`: a moving average after each training step by {@link updateCentroids}, from the
 *   labels and logits of that step (dropout included). Costs no forward pass and needs no data. With
 *   data, the first epoch starts from their exact centroids. Validation does not affect the centroids.
 *
 * $$\text{ema:} \quad Q_y \leftarrow d \, Q_y + (1 - d) \, Q_y^{batch}, \quad \text{then } Q_y /
 * \textstyle\sum_c Q_{yc}$$
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { CentroidCallback, compiledMcmiLoss } from "kd-cmi/layers";
 *
 * const xs = tf.randomNormal([32, 4]);
 * const ys = tf.oneHot(Array.from({ length: 32 }, (_, i) => i % 3), 3);
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * const centroids = tf.variable(tf.fill([3, 3], 1 / 3));
 * model.compile({ optimizer: "sgd", loss: compiledMcmiLoss(centroids, { lambda: 0.2 }) });
 * const exact = new CentroidCallback(centroids, { data: { xs, ys } });
 * await model.fit(xs, ys, { epochs: 2, verbose: 0, callbacks: [exact] });
 *
 * const moving = new CentroidCallback(centroids, { strategy: "ema", decay: 0.95 });
 * await model.fit(xs, ys, { epochs: 2, verbose: 0, callbacks: [moving] });
 * ```
 */
export class CentroidCallback extends tfl.Callback {
  private readonly observer: BatchObserver | undefined;
  private isFirstEpoch = true;

  /**
   * @param centroids The variable, float32 [C, C], that the loss reads.
   * @param options Strategy, training data, batch size, form of the model's output, and a listener.
   * @throws If an argument is not as described, `"epoch"` or `onReport` has no data, or `decay` is given
   * with `"epoch"`. `model.fit` rejects before the first step if the model's output is not [batch, C],
   * and after it if `"ema"` found no {@link compiledMcmiLoss} of the same variable. A softmax or
   * sigmoid output with `fromLogits: true` causes a warning on the console.
   */
  constructor(
    private readonly centroids: tf.Variable,
    private readonly options: CentroidCallbackOptions,
  ) {
    super();
    checkArguments(centroids, options);
    if (options.strategy === "ema") this.observer = new BatchObserver(centroids);
  }

  override async onTrainBegin(): Promise<void> {
    const { data, fromLogits = true } = this.options;
    checkClassifier(CALLBACK, this.model, this.centroids.shape[0]);
    if (data && fromLogits) warnOfFromLogits(CALLBACK, this.model);
    this.isFirstEpoch = true;
    this.observer?.start();
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const { data, onReport } = this.options;
    const isDue = !this.observer || this.isFirstEpoch;
    this.isFirstEpoch = false;
    if (!data || !isDue) return;
    const estimator = await estimateCmi(CALLBACK, this.model, data, this.options);
    const report = await estimator.result();
    tf.tidy(() => this.centroids.assign(tf.tensor2d(report.centroids)));
    onReport?.(epoch, report);
  }

  override async onBatchBegin(): Promise<void> {
    this.observer?.expect();
  }

  override async onBatchEnd(): Promise<void> {
    if (!this.observer) return;
    const { observed } = this.observer;
    if (!observed) {
      const expected = "a model compiled with compiledMcmiLoss of the same centroids variable";
      throw new Error(`${CALLBACK}: strategy "ema" needs ${expected}, got a step without it`);
    }
    const { labels, logits, fromLogits } = observed;
    if (fromLogits) warnOfFromLogits(CALLBACK, this.model);
    const { decay } = this.options;
    tf.tidy(() => {
      this.centroids.assign(updateCentroids(this.centroids, labels, logits, { decay }));
    });
    this.observer.drop();
  }

  override async onTrainEnd(): Promise<void> {
    this.observer?.stop();
  }
}

function checkArguments(centroids: unknown, options: CentroidCallbackOptions): void {
  if (!(centroids instanceof tf.Variable)) {
    const got = centroids instanceof tf.Tensor ? "a constant tensor" : typeof centroids;
    throw new Error(`${CALLBACK}: centroids must be a tf.Variable, got ${got}`);
  }
  checkCentroids(CALLBACK, centroids, centroids.shape[0] ?? 1);
  checkOptions(CALLBACK, options, [
    "data",
    "strategy",
    "decay",
    "onReport",
    "batchSize",
    "fromLogits",
  ]);
  const { data, strategy = "epoch", decay, onReport } = options;
  if (strategy !== "epoch" && strategy !== "ema") {
    throw new Error(`${CALLBACK}: strategy must be "epoch" or "ema", got ${strategy}`);
  }
  if (strategy === "epoch" && !data) {
    throw new Error(`${CALLBACK}: strategy "epoch" needs options.data, got none`);
  }
  if (strategy === "epoch" && decay !== undefined) {
    throw new Error(`${CALLBACK}: decay is for strategy "ema", got ${decay} with "epoch"`);
  }
  if (decay !== undefined) checkNumber(CALLBACK, "decay", decay, { minimum: 0, maximum: 1 });
  if (onReport && !data) throw new Error(`${CALLBACK}: onReport needs options.data, got none`);
  if (data) checkClassifiedData(CALLBACK, "data", data);
  checkPass(CALLBACK, options);
}
