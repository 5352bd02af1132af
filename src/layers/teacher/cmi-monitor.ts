import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions } from "../../internal/checks.ts";
import type { LabelledData } from "../data/labelled-data.ts";
import { checkClassifier, warnOfFromLogits } from "../model/classifier-output.ts";
import { checkClassifiedData, checkPass, estimateCmi, type PassOptions } from "./estimate-cmi.ts";

/** Options of {@link CmiMonitor}. */
export interface CmiMonitorOptions extends PassOptions {
  /** Estimated too, under keys with the prefix `val_`. */
  validationData?: LabelledData | undefined;
}

/**
 * Adds the conditional mutual information of a model to the logs of each epoch of `model.fit` or
 * `model.fitDataset`:
 *
 * | Key | Value | Unit |
 * | --- | --- | --- |
 * | `cmi`, `val_cmi` | I(X;Ŷ\|Y) | nats |
 * | `gamma`, `val_gamma` | Γ, the separation of the classes | nats |
 * | `ncmi`, `val_ncmi` | normalised CMI, the first divided by the second | none |
 *
 * The values are exact, by a `CmiEstimator` in inference mode after the last step of the epoch. They
 * end up in `History`, and later callbacks in the list see them: put
 * `tfl.callbacks.earlyStopping({ monitor: "val_cmi", mode: "max" })` or a plotting callback after this
 * one. (tfjs-layers takes either a list of callback objects or one set of plain handlers: wrap those
 * of tfjs-vis by `new tfl.CustomCallback(handlers)`.)
 *
 * The normalised CMI is NaN where Γ is 0, with samples of a single class, because logs hold numbers
 * only. Costs one extra forward pass per epoch; pass a subset to reduce it.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { CmiMonitor } from "kd-cmi/layers";
 *
 * const xs = tf.randomNormal([32, 4]);
 * const ys = tf.oneHot(Array.from({ length: 32 }, (_, i) => i % 3), 3);
 * const model = tfl.sequential({
 *   layers: [tfl.layers.dense({ units: 3, activation: "softmax", inputShape: [4] })],
 * });
 * model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
 * const monitor = new CmiMonitor({ xs, ys }, { fromLogits: false });
 * const { history } = await model.fit(xs, ys, { epochs: 2, verbose: 0, callbacks: [monitor] });
 * console.log(history.loss, history.acc, history.cmi);
 * ```
 */
export class CmiMonitor extends tfl.Callback {
  /**
   * @param data The training data: `{xs, ys}` in memory, or a finite `tf.data.Dataset`. A pass over a
   * data set that shuffles advances its random order, as an epoch does. Pass it unshuffled to leave
   * the order of training unchanged.
   * @param options Validation data, batch size, form of the model's output.
   * @throws If the data are of another form, endless, or tensors of different length. `model.fit`
   * rejects before the first step if the model's output is not [batch, classes], and after an epoch if
   * a logit is not finite or a label is out of range. A softmax or sigmoid output with
   * `fromLogits: true` causes a warning on the console.
   */
  constructor(
    private readonly data: LabelledData,
    private readonly options: CmiMonitorOptions = {},
  ) {
    super();
    checkOptions("CmiMonitor", options, ["batchSize", "fromLogits", "validationData"]);
    checkClassifiedData("CmiMonitor", "data", data);
    const { validationData } = options;
    if (validationData) checkClassifiedData("CmiMonitor", "validationData", validationData);
    checkPass("CmiMonitor", options);
  }

  override async onTrainBegin(): Promise<void> {
    checkClassifier("CmiMonitor", this.model);
    if (this.options.fromLogits ?? true) warnOfFromLogits("CmiMonitor", this.model);
  }

  override async onEpochEnd(_epoch: number, logs: Record<string, unknown> = {}): Promise<void> {
    const { validationData } = this.options;
    Object.assign(logs, await this.estimate("", this.data));
    if (validationData) Object.assign(logs, await this.estimate("val_", validationData));
  }

  private async estimate(prefix: string, data: LabelledData): Promise<Record<string, number>> {
    const estimator = await estimateCmi("CmiMonitor", this.model, data, this.options);
    const report = await estimator.result({ centroids: false });
    return {
      [`${prefix}cmi`]: report.cmi,
      [`${prefix}ncmi`]: report.normalizedCmi ?? Number.NaN,
      [`${prefix}gamma`]: report.separation,
    };
  }
}
