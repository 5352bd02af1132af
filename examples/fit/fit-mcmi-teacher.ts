// Trains an MCMI teacher by model.compile and model.fit, and prints its CMI.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { CentroidCallback, CmiMonitor, compiledMcmiLoss } from "kd-cmi/layers";

const [CLASSES, FEATURES, LAMBDA] = [4, 8, 0.25];

// Each class has a centre. A sample is the centre of its class with noise.
const centres = tf.randomNormal([CLASSES, FEATURES], 0, 1, "float32", 1);
function samples(count: number, seed: number) {
  const classes = Array.from({ length: count }, (_, i) => i % CLASSES);
  const labels = tf.tensor1d(classes, "int32");
  const noise = tf.randomNormal([count, FEATURES], 0, 1.4, "float32", seed);
  return { xs: tf.add(tf.gather(centres, labels), noise), ys: tf.oneHot(labels, CLASSES) };
}
const [train, test] = [samples(600, 10), samples(600, 20)];

const kernelInitializer = tfl.initializers.heNormal({ seed: 1 });
const { dense } = tfl.layers;
const hidden = dense({ units: 32, activation: "relu", inputShape: [FEATURES], kernelInitializer });
const model = tfl.sequential({ layers: [hidden, dense({ units: CLASSES, kernelInitializer })] });

const centroids = tf.tidy(() => tf.variable(tf.fill([CLASSES, CLASSES], 1 / CLASSES)));
const monitor = new CmiMonitor(train);
const print = new tfl.CustomCallback({
  onEpochEnd: async (epoch, logs) => {
    const { loss, val_acc, cmi } = logs as Record<"loss" | "val_acc" | "cmi", number>;
    const figures = `accuracy ${(100 * val_acc).toFixed(1)} %, CMI ${cmi.toFixed(4)} nats`;
    console.log(`  epoch ${epoch + 1}: loss ${loss.toFixed(4)}, ${figures}`);
  },
});

function trainWith(lambda: number, learningRate: number, ...callbacks: tfl.Callback[]) {
  const loss = compiledMcmiLoss(centroids, { lambda });
  model.compile({ optimizer: tf.train.adam(learningRate), loss, metrics: ["accuracy"] });
  const validationData: [tf.Tensor, tf.Tensor] = [test.xs, test.ys];
  // The classes alternate. A fixed order makes the runs reproducible.
  const options = { epochs: 4, verbose: 0, shuffle: false, validationData } as const;
  return model.fit(train.xs, train.ys, { ...options, callbacks: [...callbacks, monitor, print] });
}

// A teacher is trained with cross-entropy, then fine-tuned with MCMI, or without as a control.
console.log("λ = 0, which is cross-entropy:");
await trainWith(0, 0.01);
const start = model.getWeights().map((weight) => tf.clone(weight));
console.log("λ = 0 at half the learning rate:");
await trainWith(0, 0.005);
model.setWeights(start);
console.log(`λ = ${LAMBDA} at half the learning rate:`);
await trainWith(LAMBDA, 0.005, new CentroidCallback(centroids, { data: train }));
