import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { mcmiLoss } from "kd-cmi";
import { type Images, toLabels } from "../data/images.ts";
import type { Schedule } from "./optimizer.ts";
import { classesOf, estimate, type Training, train } from "./training.ts";

/** What a teacher's loss has beside cross-entropy; all of them 0 is cross-entropy. */
export interface Regularizer {
  /** Weight of the CMI, which is maximised. */
  lambda?: number;
  /** Share of the target that is spread over all classes. */
  labelSmoothing?: number;
  /** Weight of the entropy of the output, which is maximised (Pereyra et al., 2017). */
  entropy?: number;
}

/** Where training stood after an epoch. */
export interface EpochReport {
  epoch: number;
  /** Of some of the training images; nats. */
  cmi: number;
  /** On the validation images, 0–1. */
  accuracy: number;
}

/** What a teacher is trained and watched on. */
export interface TeacherImages {
  train: Images;
  /** Some of the training images. */
  sample: Images;
  validation: Images;
}

/** Trains a teacher with λ, and says after each epoch where it stands. */
export async function trainTeacher(
  model: tfl.LayersModel,
  { train: images, sample, validation }: TeacherImages,
  schedule: Schedule,
  lambda: number,
  order: string,
  onEpoch: (epoch: number) => void,
): Promise<EpochReport[]> {
  const history: EpochReport[] = [];
  await fitTeacher({ model, images, schedule, order }, { lambda }, async (epoch) => {
    const { cmi } = await estimate(model, sample);
    const { accuracy } = await estimate(model, validation);
    history.push({ epoch, cmi, accuracy });
    if (epoch > 0) onEpoch(epoch);
  });
  return history;
}

/**
 * Minimises cross-entropy − λ · CMI − entropy · H, with centroids of the training images that are
 * taken anew before each epoch.
 */
export async function fitTeacher(
  training: Training,
  { lambda = 0, labelSmoothing = 0, entropy = 0 }: Regularizer,
  onEpoch: (epoch: number) => void | Promise<void>,
): Promise<void> {
  const { model, images, schedule } = training;
  const count = classesOf(model);
  const centroids = tf.variable(tf.fill([count, count], 1 / count));
  const loss = (logits: tf.Tensor2D, places: readonly number[]) => {
    const labels = toLabels(images, places);
    const fit = mcmiLoss(labels, logits, centroids, { lambda, labelSmoothing });
    if (entropy === 0) return fit;
    return tf.sub(fit, tf.mul(meanEntropy(logits), entropy)) as tf.Scalar;
  };
  await train(training, loss, async (epoch) => {
    if (lambda > 0 && epoch < schedule.epochs) {
      const report = await estimate(model, images);
      tf.tidy(() => centroids.assign(tf.tensor2d(report.centroids)));
    }
    await onEpoch(epoch);
  });
  centroids.dispose();
}

function meanEntropy(logits: tf.Tensor2D): tf.Scalar {
  const products = tf.mul(tf.softmax(logits), tf.logSoftmax(logits));
  return tf.neg(tf.mean(tf.sum(products, 1))) as tf.Scalar;
}
