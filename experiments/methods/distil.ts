import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { type DistillationBatch, distillationStep } from "kd-cmi/layers";
import type { Distillation, Setup } from "./method.ts";

export type Loss = (batch: DistillationBatch) => tf.Tensor;

export interface Recipe {
  loss: Loss;
  /** Layers that the loss compares, `onBoth` of layers.ts. */
  teacherLayers?: readonly string[];
  studentLayers?: readonly string[];
  /** Models that belong to the method. */
  parts?: readonly tfl.LayersModel[];
}

/** Trains the student, and whatever else the loss depends on, by a loss of its own. */
export function distil(
  { teacher, student, optimizer }: Setup,
  { loss, teacherLayers = [], studentLayers = [], parts = [] }: Recipe,
): Distillation {
  const step = distillationStep({
    teacher: teacher.model,
    student: student.model,
    optimizer,
    loss,
    teacherLayers,
    studentLayers,
  });
  return {
    step: ({ inputs, labels, indices }) => tf.dispose(step(inputs, labels, indices)),
    dispose: () => {
      for (const part of parts) part.dispose();
    },
  };
}

/** Of the student alone, as without a teacher. */
export const crossEntropy = ({
  labels,
  studentLogits,
}: Pick<DistillationBatch, "labels" | "studentLogits">): tf.Tensor =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(labels, studentLogits.shape[1]), studentLogits);

/** A weighted loss beside cross-entropy of weight 1, which is how the collections run nearly all. */
export const besideLabels =
  (weight: number, loss: Loss): Loss =>
  (batch) =>
    tf.add(crossEntropy(batch), tf.mul(loss(batch), weight));
