import * as tf from "@tensorflow/tfjs-core";
import type { Batch, Setup } from "./method.ts";

interface Stage {
  /** Names the order of the batches. */
  name: string;
  epochs: number;
  /** Computes the teacher's outputs for a batch. The teacher is not trained. */
  teacherOutputs: (inputs: tf.Tensor) => tf.Tensor[];
  loss: (outputs: tf.Tensor[], batch: Batch) => tf.Tensor;
}

/**
 * Trains all models that a loss depends on, before the student's own training, at a constant learning
 * rate. It uses another optimizer than the student's training: tfjs' optimizers keep their state by
 * the position of a variable, so one optimizer cannot train first some variables and then others.
 */
export function firstStage(setup: Setup, { name, epochs, teacherOutputs, loss }: Stage): void {
  const optimizer = setup.createOptimizer();
  for (const batch of setup.batches(epochs, name)) {
    tf.tidy(() => {
      const outputs = teacherOutputs(batch.inputs);
      optimizer.minimize(() => loss(outputs, batch) as tf.Scalar);
    });
    tf.dispose({ ...batch });
  }
  optimizer.dispose();
}
