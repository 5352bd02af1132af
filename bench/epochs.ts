import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CentroidCallback, type CentroidStrategy, compiledMcmiLoss } from "kd-cmi/layers";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../scripts/node-backends.ts";
import type { BenchOptions } from "./lines.ts";
import { formatTable, interleavedMedians, type Task } from "./measure.ts";
import { networks } from "./networks.ts";

export const description =
  "an epoch of MCMI fine-tuning on wasm, with each way to update the centroids, against cross-entropy";

const SAMPLES = 1024;
const BATCH = 64;
const LAMBDA = 0.1;
const STRATEGIES: readonly CentroidStrategy[] = ["fixed", "running", "ema", "epoch"];
const EFFORT = { warmUp: 1, minimum: 5, seconds: 10 };

/** An epoch in milliseconds of CPU time, the median. That of `"fixed"` is one after its only pass. */
export interface EpochLine {
  network: string;
  strategy: string;
  ms: number;
  crossEntropyMs: number;
}

export async function run({ write }: BenchOptions): Promise<void> {
  await startNodeBackend("wasm");
  registerTrainingKernels();
  const { build, inputShape, numClasses } = networks.cnn;
  const xs = tf.randomNormal([SAMPLES, ...inputShape], 0, 1, "float32", 1);
  const labels = tf.range(0, SAMPLES, 1, "int32");
  const ys = tf.oneHot(tf.mod(labels, tf.scalar(numClasses, "int32")) as tf.Tensor1D, numClasses);
  const train = async (model: tfl.LayersModel, callbacks: tfl.Callback[]) =>
    void (await model.fit(xs, ys, { epochs: 1, batchSize: BATCH, verbose: 0, callbacks }));

  const tasks: Record<string, Task> = {};
  const plain = build();
  plain.compile({ optimizer: "sgd", loss: tf.losses.softmaxCrossEntropy });
  tasks.CE = () => train(plain, []);
  for (const strategy of STRATEGIES) {
    const model = build();
    const centroids = tf.tidy(() => tf.variable(tf.fill([numClasses, numClasses], 1 / numClasses)));
    model.compile({ optimizer: "sgd", loss: compiledMcmiLoss(centroids, { lambda: LAMBDA }) });
    const needsData = strategy === "epoch" || strategy === "fixed";
    const callback = new CentroidCallback(centroids, {
      strategy,
      ...(needsData && { data: { xs, ys } }),
    });
    tasks[strategy] = () => train(model, [callback]);
  }
  const medians = await interleavedMedians(tasks, EFFORT, "cpu");
  const lines = STRATEGIES.map(
    (strategy): EpochLine => ({
      network: "cnn",
      strategy,
      ms: medians[strategy]!,
      crossEntropyMs: medians.CE!,
    }),
  );
  for (const line of lines) write?.(line);
  console.log(formatTable(lines.map(rowOf)));
}

const rowOf = ({ network, strategy, ms, crossEntropyMs }: EpochLine): Record<string, string> => ({
  network,
  centroids: strategy,
  "CE ms": crossEntropyMs.toFixed(0),
  "MCMI ms": ms.toFixed(0),
  ratio: (ms / crossEntropyMs).toFixed(2),
});
