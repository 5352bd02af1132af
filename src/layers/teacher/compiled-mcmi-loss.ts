import * as tf from "@tensorflow/tfjs-core";
import { checkCentroids, checkNumber, checkOptions } from "../../internal/checks.ts";
import { mcmiLoss } from "../../teacher/mcmi-loss.ts";
import { asLogits } from "../model/classifier-output.ts";
import { observeBatch, withCentroids } from "./batch-observer.ts";
import { labelMask } from "./label-mask.ts";

/** Options of {@link compiledMcmiLoss}. */
export interface CompiledMcmiOptions {
  /**
   * λ ≥ 0, the weight of the CMI; 0.1 to 0.25 in the paper with fixed centroids, and up to 0.5 if they are
   * updated.
   */
  lambda: number;
  /** Whether the model ends in logits (default) or in probabilities (a softmax layer). */
  fromLogits?: boolean | undefined;
  /** ε within 0–1, the share of the target spread over all classes; default 0. */
  labelSmoothing?: number | undefined;
}

/**
 * {@link mcmiLoss} as a loss for `model.compile`. `model.fit` averages the losses of the samples, and
 * multiplies them by the weights of `classWeight` first.
 *
 * @param centroids float32 [C, C]. {@link CentroidCallback} updates a `tf.variable` during
 * `model.fit`.
 * @param options λ and the form of the model's output.
 * @returns A function (labels, predictions) → a loss for each sample or position in nats, [N] or
 * [N, …]. Both arguments are [N, C], or [N, …, C] for dense outputs and sequences. The labels are
 * one-hot: `model.fit` accepts class indices only for its own sparse loss. A position of dense outputs
 * whose row is all zeros, as `tf.oneHot` gives for a label to ignore such as 255, does not count: its loss
 * and gradient are 0, and the mean of `model.fit` is that of the other positions of the batch.
 * With 1000 classes or more, pass one-hot rows as int32, as `tf.oneHot` returns them: see
 * {@link mcmiLoss}.
 * @throws If the centroids or an option are not as described. The returned function throws what
 * {@link mcmiLoss} throws.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { compiledMcmiLoss } from "kd-cmi/layers";
 *
 * const centroids = tf.variable(tf.fill([3, 3], 1 / 3));
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * model.compile({ optimizer: "sgd", loss: compiledMcmiLoss(centroids, { lambda: 0.2 }) });
 * ```
 */
export function compiledMcmiLoss(
  centroids: tf.Tensor,
  options: CompiledMcmiOptions,
): (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor {
  checkOptions("compiledMcmiLoss", options, ["lambda", "fromLogits", "labelSmoothing"]);
  const { fromLogits = true, lambda, labelSmoothing = 0 } = options;
  checkCentroids("compiledMcmiLoss", centroids, centroids?.shape?.[0] ?? 1);
  checkNumber("compiledMcmiLoss", "lambda", lambda, { minimum: 0 });
  checkNumber("compiledMcmiLoss", "labelSmoothing", labelSmoothing, { minimum: 0, maximum: 1 });
  const loss = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor => {
    const logits = asLogits("compiledMcmiLoss", predictions, fromLogits);
    const weights = labelMask(labels, logits);
    observeBatch(centroids, { labels, logits, weights, fromLogits });
    const options = { lambda, labelSmoothing, weights, reduction: tf.Reduction.NONE } as const;
    const losses = mcmiLoss(labels, logits, centroids, options);
    // model.fit divides by the number of all positions.
    return weights ? tf.div(losses, tf.maximum(tf.mean(weights), 1 / weights.size)) : losses;
  };
  return withCentroids(loss, centroids);
}
