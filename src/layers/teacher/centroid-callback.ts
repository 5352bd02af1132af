import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { CmiReport } from "../../information/cmi-sums.ts";
import { updateCentroids } from "../../information/update-centroids.ts";
import { checkCentroids, checkNumber, checkOptions, describeValue } from "../../internal/checks.ts";
import type { LabelledData } from "../data/labelled-data.ts";
import { checkClassifier, warnOfFromLogits } from "../model/classifier-output.ts";
import { BatchObserver, readsOtherCentroids } from "./batch-observer.ts";
import { ClassSums } from "./class-sums.ts";
import { checkClassifiedData, checkPass, estimateCmi, type PassOptions } from "./estimate-cmi.ts";

const CALLBACK = "CentroidCallback";

/** How the centroids are updated: see {@link CentroidCallback}. */
export type CentroidStrategy = "epoch" | "fixed" | "ema" | "running";

const STRATEGIES: readonly CentroidStrategy[] = ["epoch", "fixed", "ema", "running"];

/** Options of {@link CentroidCallback}. */
export interface CentroidCallbackOptions extends PassOptions {
  /**
   * The training data: `{xs, ys}` in memory, or a finite `tf.data.Dataset`. Required by `"epoch"`,
   * `"fixed"` and `onReport`. A pass over a data set that shuffles advances its random order, as an
   * epoch does. Pass it unshuffled to leave the order of training unchanged.
   */
  data?: LabelledData | undefined;
  /** How the centroids are updated; default `"epoch"`. */
  strategy?: CentroidStrategy | undefined;
  /** Share d of the old value in `"ema"`, within 0–1; default 0.9 as in `updateCentroids`. */
  decay?: number | undefined;
  /**
   * Whether the pass of `"fixed"` runs in training mode, as in the authors' released code: with the
   * batch's statistics in batch normalization, which also updates the moving averages, and with dropout.
   * Default false, inference mode. The authors' pass is over augmented images, which a data set gives.
   */
  training?: boolean | undefined;
  /** Called with the estimator's report before an epoch. */
  onReport?: ((epoch: number, report: CmiReport) => void) | undefined;
}

/**
 * Updates the centroids of an MCMI teacher during `model.fit` or `model.fitDataset`.
 * {@link compiledMcmiLoss} treats them as constants within a step.
 *
 * | Strategy | Centroids | Passes over the data |
 * | --- | --- | --- |
 * | `"epoch"` | those of the data before each epoch, exact | one per epoch |
 * | `"fixed"` | those of the data before the first epoch, exact | one |
 * | `"ema"` | a moving average after each step | none |
 * | `"running"` | the mean over the steps of the epoch before | none |
 *
 * - `"epoch"` is the alternation of Ye et al., ICLR 2024 (arXiv 2401.08732), algorithm 1, by a
 *   `CmiEstimator`.
 * - `"fixed"` is what the authors' released code does, with `training: true`: the model is then the
 *   teacher trained with cross-entropy, and later calls of `fit` with the same callback keep its
 *   centroids. **It can destroy the teacher.** Probability at class c lowers the loss by λ log(1/Q_yc).
 *   Fixed centroids never take this back, whereas updated ones grow with the output. If Q is nearly
 *   one-hot, as after long training without augmentation, the reward outweighs the cross-entropy: on
 *   Fashion-MNIST, λ = 0.4 made accuracies fall to chance. The authors use augmentation and λ of 0.15 to
 *   0.25. Choose λ on validation data.
 * - `"ema"` uses {@link updateCentroids} with the labels and logits of each step.
 * - `"running"` sums the probabilities of the epoch's own batches and replaces the centroids when the
 *   epoch ends. Classes without samples keep their centroid.
 *
 * $$\text{ema:} \quad Q_y \leftarrow d \, Q_y + (1 - d) \, Q_y^{batch}, \quad \text{then } Q_y /
 * \textstyle\sum_c Q_{yc}; \qquad
 * \text{running:} \quad Q_y \leftarrow \frac{\sum_i t_{iy} p_i}{\sum_i t_{iy}}$$
 *
 * p_i are the outputs in training mode (dropout included), before the step's update, and t_i the labels
 * as rows. Validation does not affect `"ema"` and `"running"`. With data, both start from the exact
 * centroids of these, otherwise from the values of the variable.
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
  private readonly strategy: CentroidStrategy;
  private readonly observer: BatchObserver | undefined;
  private readonly sums = new ClassSums();
  /** Whether centroids of the data are due before the next epoch. */
  private isDue = true;

  /**
   * @param centroids The variable, float32 [C, C], that the loss reads.
   * @param options Strategy, training data, batch size, form of the model's output, and a listener.
   * @throws If an argument is not as described, `"epoch"`, `"fixed"` or `onReport` has no data, `decay` is
   * given without `"ema"`, or `training` without `"fixed"`. `model.fit` rejects before the first step if
   * the model's output is not [batch, C] or its {@link compiledMcmiLoss} reads other centroids, and after it if `"ema"` or `"running"` found no
   * {@link compiledMcmiLoss} of the same variable. A softmax or sigmoid output with `fromLogits: true`
   * causes a warning on the console.
   */
  constructor(
    private readonly centroids: tf.Variable,
    private readonly options: CentroidCallbackOptions,
  ) {
    super();
    checkArguments(centroids, options);
    this.strategy = options.strategy ?? "epoch";
    const isObserving = this.strategy === "ema" || this.strategy === "running";
    if (isObserving) this.observer = new BatchObserver(centroids);
  }

  override async onTrainBegin(): Promise<void> {
    const { data, fromLogits = true } = this.options;
    checkClassifier(CALLBACK, this.model, this.centroids.shape[0]);
    if (readsOtherCentroids(this.model, this.centroids)) {
      const expected = "a model compiled with compiledMcmiLoss of the same centroids variable";
      throw new Error(`${CALLBACK}: needs ${expected}, got one of other centroids`);
    }
    if (data && fromLogits) warnOfFromLogits(CALLBACK, this.model);
    if (this.strategy !== "fixed") this.isDue = true;
    this.observer?.start();
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.sums.reset();
    const { data, onReport } = this.options;
    if (!data || !this.isDue) return;
    const estimator = await estimateCmi(CALLBACK, this.model, data, this.options);
    const report = await estimator.result();
    tf.tidy(() => this.centroids.assign(tf.tensor2d(report.centroids)));
    this.isDue = this.strategy === "epoch";
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
      throw new Error(
        `${CALLBACK}: strategy "${this.strategy}" needs ${expected}, got a step without it`,
      );
    }
    const { labels, logits, weights, fromLogits } = observed;
    if (fromLogits) warnOfFromLogits(CALLBACK, this.model);
    if (this.strategy === "running") this.sums.add(labels, logits, weights);
    else this.moveTowards(labels, logits, weights);
    this.observer.drop();
  }

  override async onEpochEnd(): Promise<void> {
    if (this.strategy !== "running") return;
    tf.tidy(() => this.centroids.assign(this.sums.means(this.centroids as tf.Tensor2D)));
    this.sums.reset();
  }

  override async onTrainEnd(): Promise<void> {
    this.observer?.stop();
  }

  private moveTowards(labels: tf.Tensor, logits: tf.Tensor, weights?: tf.Tensor): void {
    const { decay } = this.options;
    tf.tidy(() => {
      this.centroids.assign(updateCentroids(this.centroids, labels, logits, { decay, weights }));
    });
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
    "training",
    "onReport",
    "batchSize",
    "fromLogits",
  ]);
  const { data, strategy = "epoch", decay, training, onReport } = options;
  if (!STRATEGIES.includes(strategy)) {
    const names = STRATEGIES.map((name) => `"${name}"`).join(", ");
    throw new Error(
      `${CALLBACK}: strategy must be one of ${names}, got ${describeValue(strategy)}`,
    );
  }
  if ((strategy === "epoch" || strategy === "fixed") && !data) {
    throw new Error(`${CALLBACK}: strategy "${strategy}" needs options.data, got none`);
  }
  if (strategy !== "ema" && decay !== undefined) {
    throw new Error(`${CALLBACK}: decay is for strategy "ema", got ${decay} with "${strategy}"`);
  }
  if (strategy !== "fixed" && training !== undefined) {
    throw new Error(
      `${CALLBACK}: training is for strategy "fixed", got ${describeValue(training)} with "${strategy}"`,
    );
  }
  if (training !== undefined && typeof training !== "boolean") {
    throw new Error(`${CALLBACK}: training must be a boolean, got ${describeValue(training)}`);
  }
  if (decay !== undefined) checkNumber(CALLBACK, "decay", decay, { minimum: 0, maximum: 1 });
  if (onReport && !data) throw new Error(`${CALLBACK}: onReport needs options.data, got none`);
  if (data) checkClassifiedData(CALLBACK, "data", data);
  checkPass(CALLBACK, options);
}
