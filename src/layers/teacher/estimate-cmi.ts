import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "../../information/cmi-estimator.ts";
import type { CmiReport } from "../../information/cmi-sums.ts";
import { checkInteger } from "../../internal/checks.ts";
import { batchesOf, type LabelledData } from "../data/labelled-data.ts";
import { asLogits } from "../model/classifier-output.ts";

/** How a callback passes data through the model. */
export interface PassOptions {
  /** Samples in a forward pass over tensors in memory; default 256. A data set has its own. */
  batchSize?: number | undefined;
  /** Whether the model ends in logits (default) or in probabilities (a softmax layer). */
  fromLogits?: boolean | undefined;
}

export function checkPass(fn: string, { batchSize = 256 }: PassOptions): void {
  checkInteger(fn, "batchSize", batchSize, 1);
}

/**
 * A `CmiEstimator` over data, in inference mode. Waits after each batch, so that no more than
 * one is in the memory of a GPU.
 */
export async function estimateCmi(
  fn: string,
  model: tfl.LayersModel,
  data: LabelledData,
  { batchSize = 256, fromLogits = true }: PassOptions,
): Promise<CmiReport> {
  const estimator = new CmiEstimator();
  for await (const { inputs, labels } of batchesOf(fn, model, data, batchSize)) {
    let counted = Promise.resolve();
    tf.tidy(() => {
      const output = model.apply(inputs, { training: false }) as tf.Tensor;
      counted = estimator.update(labels, asLogits(output, fromLogits));
    });
    await counted;
  }
  return estimator.result();
}
