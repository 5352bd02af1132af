/** Entry point of a child process: trains a network, one step per message, and reports its CPU time. */
import * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../scripts/node-backends.ts";
import { kernelTimes, startKernelTimes } from "./kernel-times.ts";
import { BATCH, type NetworkName } from "./networks.ts";
import { type StepLoss, trainingStep } from "./training-step.ts";

export interface StepsOptions {
  network: NetworkName;
  loss: StepLoss;
  /** Kernels: all, those without the SIMD module, or the backend's own. */
  kernels: "module" | "no module" | "stock";
  /** Whether to time each kernel, which itself takes time. */
  profile?: boolean;
}

const { network, loss, kernels, profile } = JSON.parse(process.argv[2]!) as StepsOptions;

await startNodeBackend("wasm");
if (kernels === "no module") hideMemory();
if (kernels !== "stock") registerTrainingKernels();
if (profile) startKernelTimes();

/** Without access to the backend's memory there is no module. */
function hideMemory(): void {
  const { wasm } = tf.backend() as tf.KernelBackend & { wasm: { asm: object } };
  wasm.asm = { ...wasm.asm, memory: undefined };
}

const { model, step } = trainingStep(network, loss, BATCH);

process.on("disconnect", () => process.exit());
process.on("message", async (message) => {
  if (message === "profile") return process.send!(kernelTimes());
  const start = process.cpuUsage();
  await step();
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
