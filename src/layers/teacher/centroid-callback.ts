import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { updateCentroids } from "../../information/update-centroids.ts";
import type { LabelledData } from "../data/labelled-data.ts";
import { checkClassifier, warnOfSoftmax } from "../model/classifier-output.ts";
import { BatchObserver } from "./batch-observer.ts";
import {
  CALLBACK,
  type CentroidCallbackOptions,
  checkArguments,
  dataAndOptions,
} from "./centroid-options.ts";
import { estimateCmi } from "./estimate-cmi.ts";

/**
 * Moves the centroids of an MCMI teacher during `model.fit` or `model.fitDataset`, while
 * {@link compiledMcmiLoss} holds them constant within a step.
 *
 * - `strategy: "epoch"`: exact, by a `CmiEstimator` over the training data before each epoch.
 *   This is the alternation of Ye et al., ICLR 2024 (arXiv 2401.08732), algorithm 1. It takes a
 *   forward pass over the data an epoch.
 * - `strategy: "ema"`: after each training step by {@link updateCentroids}, with the labels of that
 *   step and the logits as the loss saw them (dropout included). It takes no pass of its own and needs
 *   no data; with data, the first epoch starts from their exact centroids. Validation never moves
 *   them.
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
 * const inputs = tf.randomNormal([32, 4]);
 * const labels = tf.tensor1d(Array.from({ length: 32 }, (_, i) => i % 3), "int32");
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * const centroids = tf.variable(tf.fill([3, 3], 1 / 3));
 * model.compile({ optimizer: "sgd", loss: compiledMcmiLoss(centroids, { lambda: 0.2 }) });
 * const exact = new CentroidCallback(centroids, labels, inputs);
 * const ys = tf.oneHot(labels, 3);
 * await model.fit(inputs, ys, { epochs: 2, verbose: 0, callbacks: [exact] });
 *
 * const moving = new CentroidCallback(centroids, { strategy: "ema", decay: 0.95 });
 * await model.fit(inputs, ys, { epochs: 2, verbose: 0, callbacks: [moving] });
 * ```
 */
export class CentroidCallback extends tfl.Callback {
  private readonly data: LabelledData | undefined;
  private readonly options: CentroidCallbackOptions;
  private readonly observer: BatchObserver | undefined;
  private isFirstEpoch = true;

  /**
   * @param centroids The variable, float32 [C, C], that the loss reads.
   * @param labels int32 class indices [N] or one-hot [N, C].
   * @param inputs The training inputs, [N, …].
   * @param options Strategy, size of the passes, form of the model's output, and a listener.
   */
  constructor(
    centroids: tf.Variable,
    labels: tf.Tensor,
    inputs: tf.Tensor | tf.Tensor[],
    options?: CentroidCallbackOptions,
  );
  /**
   * @param data The training data: `{xs, ys}` in memory, or a finite `tf.data.Dataset`. A pass over
   * one that shuffles takes the next order from its generator, as an epoch does; give it unshuffled
   * to leave the order of training alone.
   */
  constructor(centroids: tf.Variable, data: LabelledData, options?: CentroidCallbackOptions);
  /**
   * @param options With `strategy: "ema"`, which goes on from the centroids as they are.
   * @throws If an argument is not as described, the strategy `"epoch"` has no data, `decay` comes
   * with it, or `onReport` comes without data. `model.fit` rejects before the first step if the
   * model's output is not [batch, C], and after it if `"ema"` saw no {@link compiledMcmiLoss} of the
   * same variable. A softmax with `fromLogits: true` is warned of on the console.
   */
  constructor(centroids: tf.Variable, options: CentroidCallbackOptions & { strategy: "ema" });
  constructor(
    private readonly centroids: tf.Variable,
    ...rest: unknown[]
  ) {
    super();
    [this.data, this.options] = dataAndOptions(rest);
    checkArguments(centroids, this.data, this.options);
    if (this.options.strategy === "ema") this.observer = new BatchObserver(centroids);
  }

  override async onTrainBegin(): Promise<void> {
    checkClassifier(CALLBACK, this.model, this.centroids.shape[0]!);
    if (this.data && (this.options.fromLogits ?? true)) warnOfSoftmax(CALLBACK, this.model);
    this.isFirstEpoch = true;
    this.observer?.start();
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const isDue = !this.observer || this.isFirstEpoch;
    this.isFirstEpoch = false;
    if (!this.data || !isDue) return;
    const report = await estimateCmi(CALLBACK, this.model, this.data, this.options);
    tf.tidy(() => this.centroids.assign(tf.tensor2d(report.centroids)));
    this.options.onReport?.(epoch, report);
  }

  override async onBatchBegin(): Promise<void> {
    this.observer?.wait();
  }

  override async onBatchEnd(): Promise<void> {
    if (!this.observer) return;
    const { seen } = this.observer;
    if (!seen) {
      const expected = "a model compiled with compiledMcmiLoss of the same centroids variable";
      throw new Error(`${CALLBACK}: strategy "ema" needs ${expected}, got a step without it`);
    }
    if (seen.fromLogits) warnOfSoftmax(CALLBACK, this.model);
    const { decay } = this.options;
    tf.tidy(() =>
      this.centroids.assign(updateCentroids(this.centroids, seen.labels, seen.logits, { decay })),
    );
    this.observer.drop();
  }

  override async onTrainEnd(): Promise<void> {
    this.observer?.stop();
  }
}
