import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator, type CmiReport } from "../information/estimator.ts";

/** Options of {@link CentroidCallback}. */
export interface CentroidCallbackOptions {
  /** Samples in a forward pass; default 256. */
  batchSize?: number | undefined;
  /** Whether the model ends in logits (default) or in probabilities (a softmax layer). */
  fromLogits?: boolean | undefined;
  /** Is given what the estimator found, before each epoch. */
  onReport?: ((epoch: number, report: CmiReport) => void) | undefined;
}

/**
 * Re-estimates the centroids of an MCMI teacher over the training set before each epoch of
 * `model.fit`, by a {@link CmiEstimator}, while {@link compiledMcmiLoss} holds them constant within
 * an epoch. This is the alternation of Ye et al., ICLR 2024 (arXiv 2401.08732), algorithm 1.
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
 * const callbacks = [new CentroidCallback(centroids, labels, inputs)];
 * await model.fit(inputs, tf.oneHot(labels, 3), { epochs: 2, verbose: 0, callbacks });
 * ```
 */
export class CentroidCallback extends tfl.Callback {
  /**
   * @param centroids The variable, float32 [C, C], that the loss reads.
   * @param labels int32 class indices [N] or one-hot [N, C].
   * @param inputs The training inputs, [N, …].
   * @param options Size of the passes, form of the model's output, and a listener.
   */
  constructor(
    private readonly centroids: tf.Variable,
    private readonly labels: tf.Tensor,
    private readonly inputs: tf.Tensor,
    private readonly options: CentroidCallbackOptions = {},
  ) {
    super();
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const { batchSize = 256, fromLogits = true, onReport } = this.options;
    const estimator = new CmiEstimator({ numClasses: this.centroids.shape[0]! });
    const total = this.inputs.shape[0]!;
    for (let start = 0; start < total; start += batchSize) {
      const size = Math.min(batchSize, total - start);
      let counted = Promise.resolve();
      tf.tidy(() => {
        const output = this.model.apply(tf.slice(this.inputs, start, size), { training: false });
        const logits = fromLogits ? output : tf.log(tf.maximum(output as tf.Tensor, 1e-37));
        counted = estimator.update(tf.slice(this.labels, start, size), logits as tf.Tensor);
      });
      await counted;
    }
    const report = await estimator.result();
    tf.tidy(() => this.centroids.assign(tf.tensor2d(report.centroids)));
    onReport?.(epoch, report);
  }
}
