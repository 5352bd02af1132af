import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "../../information/cmi-estimator.ts";
import { checkDenseLabels, checkInteger } from "../../internal/checks.ts";
import { batchSource, START } from "../data/batch-source.ts";
import { checkData, isDataset, type LabelledData } from "../data/labelled-data.ts";
import { asLogits } from "../model/classifier-output.ts";
import { labelMask } from "./label-mask.ts";

/** Options of a forward pass over data. */
export interface PassOptions {
  /** Samples in a batch of tensors in memory; default 256. A data set comes in batches. */
  batchSize?: number | undefined;
  /** Whether the model ends in logits (default) or in probabilities (a softmax layer). */
  fromLogits?: boolean | undefined;
}

/** Options of {@link estimateCmi}. */
interface EstimateOptions extends PassOptions {
  /** Whether the pass runs in training mode; default false. */
  training?: boolean | undefined;
}

export function checkPass(fn: string, { batchSize = 256 }: PassOptions): void {
  checkInteger(fn, "batchSize", batchSize, 1);
}

/** Data with class labels. */
export function checkClassifiedData(fn: string, name: string, data: LabelledData): void {
  checkData(fn, name, data, true);
  if (!isDataset(data)) checkDenseLabels(fn, data.ys);
}

/**
 * A `CmiEstimator` over data, in inference mode by default. Waits after each batch, so that no more than one is
 * in GPU memory.
 */
export async function estimateCmi(
  fn: string,
  model: tfl.LayersModel,
  data: LabelledData,
  { batchSize = 256, fromLogits = true, training = false }: EstimateOptions,
): Promise<CmiEstimator> {
  const estimator = new CmiEstimator();
  const source = batchSource(fn, model, data, { batchSize });
  for await (const { inputs, labels, weights } of source.batches(START)) {
    if (!labels) throw new Error(`${fn}: the data must have labels, got none`);
    let counted = Promise.resolve();
    tf.tidy(() => {
      const output = model.apply(inputs, { training }) as tf.Tensor;
      const logits = asLogits(fn, output, fromLogits);
      counted = estimator.update(labels, logits, {
        weights: weights ?? labelMask(labels, logits),
      });
    });
    await counted;
  }
  return estimator;
}
