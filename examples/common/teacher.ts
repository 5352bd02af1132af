import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { mcmiLoss } from "kd-cmi";
import { type Images, toLabels } from "../data/images.ts";
import { estimate, type Schedule, train } from "./training.ts";

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

/** Cross-entropy − λ · CMI, with centroids of the training images taken anew before each epoch. */
export async function trainTeacher(
  model: tfl.LayersModel,
  { train: images, sample, validation }: TeacherImages,
  schedule: Schedule,
  lambda: number,
  order: string,
  onEpoch: (epoch: number) => void,
): Promise<EpochReport[]> {
  const history: EpochReport[] = [];
  const centroids = tf.variable(tf.fill([10, 10], 0.1));
  const loss = (logits: tf.Tensor2D, places: readonly number[]) =>
    mcmiLoss(toLabels(images, places), logits, centroids, { lambda });
  await train(model, images, schedule, loss, order, async (epoch) => {
    if (lambda > 0) {
      const report = await estimate(model, images);
      tf.tidy(() => centroids.assign(tf.tensor2d(report.centroids)));
    }
    const { cmi } = await estimate(model, sample);
    const { accuracy } = await estimate(model, validation);
    history.push({ epoch, cmi, accuracy });
    if (epoch > 0) onEpoch(epoch);
  });
  centroids.dispose();
  return history;
}
