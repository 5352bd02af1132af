import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { type DistillationBatch, distillationStep } from "kd-cmi/layers";
import type { Distillation, Setup } from "./method.ts";

export type Loss = (batch: DistillationBatch) => tf.Tensor;

export interface Recipe {
  loss: Loss;
  /** Layers that the loss compares; see `onBoth` in layers.ts. */
  teacherLayers?: readonly string[];
  studentLayers?: readonly string[];
  /** Models of the method itself, which its `dispose` disposes of. */
  parts?: readonly tfl.LayersModel[];
}

/** Trains the student and all other models that the loss depends on. */
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
    step: ({ inputs, labels, indices }) => tf.dispose(step(inputs, labels, { indices })),
    dispose: () => {
      for (const part of parts) part.dispose();
    },
  };
}

/** Cross-entropy of the student, without the teacher. */
export const crossEntropy = ({
  labels,
  studentLogits,
}: Pick<DistillationBatch, "labels" | "studentLogits">): tf.Tensor =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(labels, studentLogits.shape[1]!), studentLogits);

/**
 * Cross-entropy plus a weighted loss, as RepDistiller and mdistiller run nearly all methods.
 *
 * @param weight The usual weight, which the strength multiplies.
 */
export const plusCrossEntropy =
  ({ strength }: Pick<Setup, "strength">, weight: number, loss: Loss): Loss =>
  (batch) =>
    tf.add(crossEntropy(batch), tf.mul(loss(batch), strength * weight));
