import * as tfl from "@tensorflow/tfjs-layers";
import { checkData, type LabelledData } from "../data/labelled-data.ts";
import { checkClassifier, warnOfSoftmax } from "../model/classifier-output.ts";
import { checkPass, estimateCmi, type PassOptions } from "./estimate-cmi.ts";

/** Options of {@link CmiMonitor}. */
export interface CmiMonitorOptions extends PassOptions {
  /** Estimated too, under keys that begin with `val_`. */
  validationData?: LabelledData | undefined;
}

/**
 * Puts the conditional mutual information of a model into the logs of each epoch of `model.fit` or
 * `model.fitDataset`, beside loss and accuracy:
 *
 * | Key | Value | Unit |
 * | --- | --- | --- |
 * | `cmi`, `val_cmi` | I(X;Ŷ\|Y) | nats |
 * | `gamma`, `val_gamma` | Γ, the separation of the classes | nats |
 * | `ncmi`, `val_ncmi` | normalised CMI, the first over the second | none |
 *
 * They are exact values of a `CmiEstimator` after the last step of the epoch, in inference
 * mode, and end up in `History`. Callbacks see them that come later in `callbacks`, so put
 * `tfl.callbacks.earlyStopping({ monitor: "val_cmi", mode: "max" })` or one that draws after this
 * one. (tfjs-layers takes a list of callback objects or one of plain handlers, not a mixture: wrap
 * those of tfjs-vis by `new tfl.CustomCallback(handlers)`.)
 *
 * The normalised CMI is NaN where Γ is 0, with samples of a single class: logs hold numbers only.
 * An epoch takes a forward pass over the data more; give a part of it to spend less.
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
   * @param data The training data: `{xs, ys}` in memory, or a finite `tf.data.Dataset`. A pass over
   * one that shuffles takes the next order from its generator, as an epoch does; give it unshuffled
   * to leave the order of training alone.
   * @param options Validation data, size of the passes, form of the model's output.
   * @throws If the data are of another form, endless, or tensors that disagree in their length.
   * `model.fit` rejects before the first step if the model's output is not [batch, classes], and
   * after an epoch if a logit is not finite or a label names no class. A softmax with
   * `fromLogits: true` is warned of on the console.
   */
  constructor(
    private readonly data: LabelledData,
    private readonly options: CmiMonitorOptions = {},
  ) {
    super();
    checkData("CmiMonitor", "data", data);
    if (options.validationData) {
      checkData("CmiMonitor", "validationData", options.validationData);
    }
    checkPass("CmiMonitor", options);
  }

  override async onTrainBegin(): Promise<void> {
    checkClassifier("CmiMonitor", this.model);
    if (this.options.fromLogits ?? true) warnOfSoftmax("CmiMonitor", this.model);
  }

  override async onEpochEnd(_epoch: number, logs: Record<string, unknown> = {}): Promise<void> {
    const { validationData } = this.options;
    Object.assign(logs, await this.estimate("", this.data));
    if (validationData) Object.assign(logs, await this.estimate("val_", validationData));
  }

  private async estimate(prefix: string, data: LabelledData): Promise<Record<string, number>> {
    const report = await estimateCmi("CmiMonitor", this.model, data, this.options);
    return {
      [`${prefix}cmi`]: report.cmi,
      [`${prefix}ncmi`]: report.normalizedCmi ?? Number.NaN,
      [`${prefix}gamma`]: report.separation,
    };
  }
}
