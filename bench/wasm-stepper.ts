/** Entry point of a child process: trains a network, one step per message. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../scripts/node-backends.ts";

export type NetworkName = keyof typeof networks;

export interface StepperOptions {
  network: NetworkName;
  kind: "kd-cmi/wasm" | "stock wasm" | "cpu";
}

const BATCH = 64;
const { layers } = tfl;
const networks = {
  /** 784-512-256-10. */
  mlp: () => [
    layers.dense({ units: 512, activation: "relu", inputShape: [784] }),
    layers.dense({ units: 256, activation: "relu" }),
  ],
  /** Two convolutions with pooling. */
  cnn: () => [
    layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
  ],
};

const { network, kind } = JSON.parse(process.argv[2]!) as StepperOptions;
await startNodeBackend(kind === "cpu" ? "cpu" : "wasm");
if (kind === "kd-cmi/wasm") registerTrainingKernels();
const model = tfl.sequential({ layers: [...networks[network](), layers.dense({ units: 10 })] });
const inputs = tf.randomNormal([BATCH, ...model.inputs[0]!.shape.slice(1)] as number[]);
const labels = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: BATCH }, (_, i) => i % 10),
    "int32",
  ),
  10,
);
const optimizer = tf.train.sgd(0.01);

process.on("disconnect", () => process.exit());
process.on("message", async () => {
  const loss = optimizer.minimize(
    () => tf.losses.softmaxCrossEntropy(labels, model.apply(inputs) as tf.Tensor) as tf.Scalar,
    true,
  )!;
  await loss.data();
  loss.dispose();
  process.send!("done");
});
process.send!("ready");
