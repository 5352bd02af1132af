import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { CentroidCallback, CmiMonitor, compiledMcmiLoss } from "kd-cmi/layers";
import type { Images, Setup } from "../losses/training.ts";

export const title = "an MCMI teacher by model.compile and model.fit";

const LAMBDA = 0.25;
const EPOCHS = 4;
const LEARNING_RATE = 2e-3;

function network() {
  const he = (seed: number) => tfl.initializers.heNormal({ seed });
  const { dense } = tfl.layers;
  const hidden = { units: 128, activation: "relu", kernelInitializer: he(1) } as const;
  const logits = dense({ units: 10, kernelInitializer: he(2) });
  return tfl.sequential({ layers: [dense({ ...hidden, inputShape: [784] }), logits] });
}

const oneHot = ({ inputs, labels }: Images) => ({ xs: inputs, ys: tf.oneHot(labels, 10) });

/** Trains a teacher with cross-entropy, then fine-tunes it with cross-entropy and with MCMI. */
export async function run({ teacherImages, testImages, log }: Setup) {
  const [train, test] = [oneHot(teacherImages), oneHot(testImages)];
  const model = network();
  const centroids = tf.variable(tf.fill([10, 10], 0.1));
  const monitor = new CmiMonitor(train);
  const print = new tfl.CustomCallback({
    onEpochEnd: async (epoch, logs) => {
      const { loss, val_acc, cmi } = logs as Record<"loss" | "val_acc" | "cmi", number>;
      const figures = `accuracy ${(100 * val_acc).toFixed(1)} %, CMI ${cmi.toFixed(4)} nats`;
      log(`  epoch ${epoch + 1}: loss ${loss.toFixed(4)}, ${figures}`);
    },
  });
  const trainWith = (lambda: number, learningRate: number, ...callbacks: tfl.Callback[]) => {
    const loss = compiledMcmiLoss(centroids, { lambda });
    model.compile({ optimizer: tf.train.adam(learningRate), loss, metrics: ["accuracy"] });
    const validationData: [tf.Tensor, tf.Tensor] = [test.xs, test.ys];
    // The images are already shuffled. A fixed order makes the runs reproducible.
    const options = { epochs: EPOCHS, verbose: 0, shuffle: false, validationData } as const;
    return model.fit(train.xs, train.ys, { ...options, callbacks: [...callbacks, monitor, print] });
  };

  log("  λ = 0, which is cross-entropy:");
  await trainWith(0, LEARNING_RATE);
  const start = model.getWeights().map((weight) => tf.clone(weight));
  log("  λ = 0 at half the learning rate:");
  await trainWith(0, LEARNING_RATE / 2);
  model.setWeights(start);
  log(`  λ = ${LAMBDA} at half the learning rate:`);
  await trainWith(LAMBDA, LEARNING_RATE / 2, new CentroidCallback(centroids, { data: train }));
}
