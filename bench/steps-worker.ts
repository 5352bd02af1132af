/** Entry point of a child process: trains a network, one step per message, and reports its CPU time. */
import * as tf from "@tensorflow/tfjs-core";
import { kdLoss, mcmiLoss } from "kd-cmi";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../scripts/node-backends.ts";
import { kernelTimes, startKernelTimes } from "./kernel-times.ts";
import { BATCH, type NetworkName, networks } from "./networks.ts";

export interface StepsOptions {
  network: NetworkName;
  loss: "CE" | "MCMI" | "KD";
  /** Kernels: all, those without the SIMD module, or the backend's own. */
  kernels: "module" | "no module" | "stock";
  /** Whether to time each kernel, which itself takes time. */
  profile?: boolean;
}

const { network, loss, kernels, profile } = JSON.parse(process.argv[2]!) as StepsOptions;
const { build, inputShape, numClasses } = networks[network];

await startNodeBackend("wasm");
if (kernels === "no module") hideMemory();
if (kernels !== "stock") registerTrainingKernels();
if (profile) startKernelTimes();

/** Without access to the backend's memory there is no module. */
function hideMemory(): void {
  const { wasm } = tf.backend() as tf.KernelBackend & { wasm: { asm: object } };
  wasm.asm = { ...wasm.asm, memory: undefined };
}

const model = build();
const teacher = build();
const images: tf.Tensor = tf.randomNormal([BATCH, ...inputShape], 0, 1, "float32", 1);
const indices = tf.tensor1d(
  Array.from({ length: BATCH }, (_, i) => i % numClasses),
  "int32",
);
const labels = tf.oneHot(indices, numClasses) as tf.Tensor2D;
const centroids: tf.Tensor2D = tf.softmax(
  tf.randomNormal([numClasses, numClasses], 0, 1, "float32", 2),
);
const optimizer = tf.train.momentum(0.01, 0.9);

const logits = (of: typeof model, training: boolean) =>
  of.apply(images, { training }) as tf.Tensor2D;
const losses = {
  CE: () => tf.losses.softmaxCrossEntropy(labels, logits(model, true)) as tf.Scalar,
  MCMI: () => mcmiLoss(indices, logits(model, true), centroids, { lambda: 0.1 }),
  KD: () => kdLoss(logits(teacher, false), logits(model, true)),
};

process.on("disconnect", () => process.exit());
process.on("message", async (message) => {
  if (message === "profile") return process.send!(kernelTimes());
  const start = process.cpuUsage();
  const value = optimizer.minimize(losses[loss], true)!;
  await value.data();
  value.dispose();
  const { user, system } = process.cpuUsage(start);
  process.send!({ cpu: (user + system) / 1000 });
});
process.send!({ parameters: trainedParameters() });

function trainedParameters(): number {
  return model.trainableWeights.reduce(
    (sum, { shape }) => sum + tf.util.sizeFromShape(shape as number[]),
    0,
  );
}
