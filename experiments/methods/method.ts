import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { ModelBuilder } from "../models/builder.ts";

/** A model and which of its layers distillation compares. */
export interface Network extends Pick<ModelBuilder, "maps" | "embedding"> {
  model: tfl.LayersModel;
}

/** Training images as a step takes them. */
export interface Batch {
  /** float32 [N, …inputShape] */
  inputs: tf.Tensor;
  /** int32 [N] */
  labels: tf.Tensor1D;
  /** Where the images stand among the student's, int32 [N]. */
  indices: tf.Tensor1D;
  /** The same as plain numbers. */
  places: number[];
}

/** What a method starts from. */
export interface Setup {
  /** Trained; stays as it is. */
  teacher: Network;
  /** Its logits for a batch, [N, C]; they are computed once where images stay as they are. */
  teacherLogits(batch: Batch): tf.Tensor2D;
  /** At its initial weights. */
  student: Network;
  /** The schedule of its learning rate is not the method's. */
  optimizer: tf.Optimizer;
  /** Another one like it, which has not trained anything. */
  createOptimizer(): tf.Optimizer;
  numClasses: number;
  /** Of all training images of the student. */
  labels: Uint8Array;
  /** Of the student's training, not counting what comes before it. */
  epochs: number;
  /** Fixes whatever the method draws. */
  seed: number;
  /**
   * Passes over the student's images in an order that the name fixes, for what is trained before the
   * student is. The batches' tensors are the caller's to dispose of.
   */
  batches(epochs: number, name: string): Iterable<Batch>;
}

/** A method made ready for a teacher and a student. */
export interface Distillation {
  /** Trains the student, and the method's own parts, on a batch; disposes of nothing of it. */
  step(batch: Batch): void;
  /** Of all that the method has made, but not of models and optimizer that it was given. */
  dispose(): void;
}

export type Method = (setup: Setup) => Distillation | Promise<Distillation>;
