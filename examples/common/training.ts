import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "kd-cmi";
import { type Images, toInputs, toLabels } from "../data/images.ts";
import { batches, range, shuffled } from "../data/order.ts";

/** Samples in a pass without gradient. */
const PASS = 500;

export interface Schedule {
  epochs: number;
  batchSize: number;
  /** Of Adam at the first step; it falls to 0 along half a cosine. */
  learningRate: number;
}

/** The logits of a model for some of the images, [places, 10]. */
export const logitsOf = (model: tfl.LayersModel, images: Images, places: readonly number[]) =>
  model.apply(toInputs(images, places)) as tf.Tensor2D;

/** Estimates CMI, accuracy and the rest over images, in passes that hold little memory. */
export async function estimate(model: tfl.LayersModel, images: Images) {
  const estimator = new CmiEstimator({ numClasses: 10 });
  for (const places of batches(range(images.labels.length), PASS)) {
    let counted = Promise.resolve();
    tf.tidy(() => {
      counted = estimator.update(toLabels(images, places), logitsOf(model, images, places));
    });
    await counted;
  }
  return estimator.result();
}

/** The logits of a model for all images, read back: [images · 10]. */
export async function readLogits(model: tfl.LayersModel, images: Images): Promise<Float32Array> {
  const parts: number[] = [];
  for (const places of batches(range(images.labels.length), PASS)) {
    const logits = tf.tidy(() => logitsOf(model, images, places));
    parts.push(...(await logits.data<"float32">()));
    logits.dispose();
  }
  return Float32Array.from(parts);
}

/**
 * Trains a model with Adam on shuffled batches.
 *
 * @param loss Gives the loss of the images at `places`, which the model maps to `logits`.
 * @param order Names the order of the batches: two runs with the same name see the same.
 * @param onEpoch Called before each epoch, and once after the last with the number of epochs.
 */
export async function train(
  model: tfl.LayersModel,
  images: Images,
  { epochs, batchSize, learningRate }: Schedule,
  loss: (logits: tf.Tensor2D, places: readonly number[]) => tf.Scalar,
  order: string,
  onEpoch: (epoch: number) => void | Promise<void>,
): Promise<void> {
  const all = range(images.labels.length);
  const optimizer = tf.train.adam(learningRate);
  const steps = epochs * Math.ceil(all.length / batchSize);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    await onEpoch(epoch);
    for (const places of batches(shuffled(all, `${order}, epoch ${epoch}`), batchSize)) {
      const factor = (1 + Math.cos((Math.PI * step) / steps)) / 2;
      Object.assign(optimizer, { learningRate: learningRate * factor }); // Adam has no setter
      optimizer.minimize(() => loss(logitsOf(model, images, places), places));
      step += 1;
    }
  }
  await onEpoch(epochs);
  optimizer.dispose();
}
