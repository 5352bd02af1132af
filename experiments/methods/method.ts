import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { ModelBuilder } from "../models/builder.ts";

/** A model and the layers that distillation compares. */
export interface Network extends Pick<ModelBuilder, "maps" | "embedding"> {
  model: tfl.LayersModel;
}

/** A batch of training images. */
export interface Batch {
  /** float32 [N, …inputShape] */
  inputs: tf.Tensor;
  /** int32 [N] */
  labels: tf.Tensor1D;
  /** Places of the images among the student's images, int32 [N]. */
  indices: tf.Tensor1D;
  /** The same as plain numbers. */
  places: number[];
  /** The draws of the epoch that the images are; other than places if images repeat or leave gaps. */
  draws: number[];
}

/** Teacher, student and data of a distillation. */
export interface Setup {
  /** Already trained. It does not change. */
  teacher: Network;
  /** The teacher's logits for a batch, [N, C]. Without augmentation, they are computed once. */
  teacherLogits(batch: Batch): tf.Tensor2D;
  /** The student with its initial weights. */
  student: Network;
  /** The optimizer of the student. The caller schedules its learning rate. */
  optimizer: tf.Optimizer;
  /** Creates another optimizer with the same settings. */
  createOptimizer(): tf.Optimizer;
  numClasses: number;
  /** Labels of all training images of the student. */
  labels: Uint8Array;
  /** Images in an epoch of the student's training; more than labels if images repeat. */
  imagesPerEpoch: number;
  /** Epochs of the student's training, without a first stage. */
  epochs: number;
  /** Factor of the usual weight of the method's loss. */
  strength: number;
  /** Fixes the random numbers of the method. */
  seed: number;
  /**
   * Batches of the student's images for a first stage. The name fixes their order. The caller disposes
   * of the tensors.
   */
  batches(epochs: number, name: string): Iterable<Batch>;
}

/** A method, prepared for a teacher and a student. */
export interface Distillation {
  /** Trains the student and the method's own models on a batch. The caller disposes of the batch. */
  step(batch: Batch): void;
  /** Disposes of everything that the method has created. */
  dispose(): void;
}

export type Method = (setup: Setup) => Distillation | Promise<Distillation>;
