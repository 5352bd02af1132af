import type * as tf from "@tensorflow/tfjs-core";
import { ContrastMemory, inBatchCrdLoss } from "kd-cmi";
import { contrastProjection, type DistillationBatch } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { distil, plusCrossEntropy } from "./distil.ts";
import { embedding, onBoth, shapeOf } from "./layers.ts";
import type { Distillation, Method, Network, Setup } from "./method.ts";
import { fromOtherClasses } from "./negatives.ts";

const WEIGHT = 0.8;
const DIM = 128;

/**
 * The number of negatives: the published 16384 of CIFAR's 50,000 images, or the same share of a smaller
 * set. The loss weights the noise by this share, K/M.
 */
const negativesOf = (size: number) => Math.min(16384, Math.ceil((size * 16384) / 50000));

/** CRD with memory banks of all training images. The negatives of an image are from other classes. */
export const crd: Method = (setup) => {
  const [size, seed] = [setup.labels.length, layerSeed(setup.seed, "crd bank")];
  const negatives = negativesOf(size);
  const draw = fromOtherClasses(setup, negatives);
  const memory = new ContrastMemory({ size, dim: DIM, negatives, seed });
  let drawn: tf.Tensor2D;
  const distillation = contrast(setup, (t, s) => memory.loss(t, s, drawn));
  return {
    step(batch) {
      drawn = draw(batch.places);
      distillation.step(batch);
      drawn.dispose();
    },
    dispose() {
      distillation.dispose();
      memory.dispose();
    },
  };
};

export const inBatchCrd: Method = (setup) => contrast(setup, (t, s) => inBatchCrdLoss(t, s));

/** Distils by a loss of the projected embeddings. Both projections are trained. */
function contrast(
  setup: Setup,
  loss: (teacher: tf.Tensor, student: tf.Tensor, batch: DistillationBatch) => tf.Tensor,
): Distillation {
  const head = (network: Network, name: string) => {
    const inputShape = shapeOf(network, network.embedding);
    const seed = layerSeed(setup.seed, `contrast ${name}`);
    return contrastProjection({ inputShape, dim: DIM, seed });
  };
  const teacherHead = head(setup.teacher, "teacher");
  const studentHead = head(setup.student, "student");
  return distil(setup, {
    ...onBoth(setup, embedding),
    parts: [teacherHead, studentHead],
    loss: plusCrossEntropy(setup, WEIGHT, (batch) => {
      const teacher = teacherHead.apply(batch.teacherFeatures[0]!) as tf.Tensor;
      const student = studentHead.apply(batch.studentFeatures[0]!) as tf.Tensor;
      return loss(teacher, student, batch);
    }),
  });
}
