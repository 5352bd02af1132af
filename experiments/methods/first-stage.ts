import * as tf from "@tensorflow/tfjs-core";
import type { Batch, Setup } from "./method.ts";

interface Stage {
  /** Fixes the order of the batches. */
  name: string;
  epochs: number;
  /** What the teacher gives for a batch; it is not trained. */
  teach: (inputs: tf.Tensor) => tf.Tensor[];
  loss: (teacherMaps: tf.Tensor[], batch: Batch) => tf.Tensor;
}

/**
 * Trains, before the student's own training, all that a loss depends on, at a constant learning rate
 * and by an optimizer of its own: those of tfjs know variables by their place in the list, so that
 * one of them cannot train first these and then those.
 */
export function firstStage(setup: Setup, { name, epochs, teach, loss }: Stage): void {
  const optimizer = setup.createOptimizer();
  for (const batch of setup.batches(epochs, name)) {
    tf.tidy(() => {
      const maps = teach(batch.inputs);
      optimizer.minimize(() => loss(maps, batch) as tf.Scalar);
    });
    tf.dispose({ ...batch });
  }
  optimizer.dispose();
}
