import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { CheckpointStore } from "../../../src/layers/index.ts";
import { normal } from "../support.ts";

/** A classifier with weights that are not trained, and with a constraint that changes written weights. */
export const network = () =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({
        units: 5,
        inputShape: [4],
        kernelConstraint: tfl.constraints.maxNorm({ maxValue: 1 }),
      }),
      tfl.layers.batchNormalization({ momentum: 0.7 }),
      tfl.layers.dense({ units: 3, activation: "softmax" }),
    ],
  });

/** Training steps whose data depend only on the number of the step. */
export function train(model: tfl.LayersModel, optimizer: tf.Optimizer, from: number, to: number) {
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  for (let step = from; step < to; step++) {
    tf.tidy(() => {
      const loss = () => {
        const outputs = model.apply(normal([8, 4], step + 1), { training: true }) as tf.Tensor;
        return tf.losses.meanSquaredError(normal([8, 3], step + 99), outputs) as tf.Scalar;
      };
      optimizer.minimize(loss, false, variables);
    });
  }
}

/** The values of all weights of a model. */
export const numbersOf = (model: tfl.LayersModel) =>
  Promise.all(model.weights.map((weight) => weight.read().data()));

/** A store in memory. */
export function memoryStore(): CheckpointStore {
  let kept: Uint8Array | undefined;
  return {
    read: async () => kept,
    write: async (bytes) => {
      kept = bytes;
    },
  };
}
