import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients that tfjs' own loss needs
import { mcmiLoss } from "kd-cmi";
import { startNodeBackend } from "../scripts/node-backends.ts";
import { footprint, formatTable, interleavedMedians, untilDone } from "./measure.ts";

export const description =
  "mcmiLoss against tf.losses.softmaxCrossEntropy, value and gradient, on cpu, wasm and webgpu";

const SHAPES: readonly (readonly [number, number])[] = [
  [256, 100],
  [256, 1000],
];
const EFFORT = { warmUp: 5, minimum: 30, seconds: 3 };

export async function run(): Promise<void> {
  const rows = [];
  for (const backend of ["cpu", "wasm", "webgpu"]) {
    await startNodeBackend(backend);
    for (const shape of SHAPES) rows.push(...(await compare(backend, shape)));
  }
  console.log(formatTable(rows));
}

/**
 * One row for each form of the labels. tfjs' loss accepts one-hot labels only and gets them
 * precomputed.
 */
async function compare(backend: string, [batch, numClasses]: readonly [number, number]) {
  const logits = tf.randomNormal([batch, numClasses], 0, 2, "float32", 1);
  const centroids = tf.softmax(tf.randomNormal([numClasses, numClasses], 0, 2, "float32", 2));
  const indices = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % numClasses),
    "int32",
  );
  const oneHot = tf.oneHot(indices, numClasses);
  const rows = tf.cast(oneHot, "float32");

  const crossEntropy = tf.valueAndGrads((z) => tf.losses.softmaxCrossEntropy(rows, z));
  const mcmi = (labels: tf.Tensor) =>
    tf.valueAndGrads((z) => mcmiLoss(labels, z!, centroids, { lambda: 0.2 }));
  const losses = {
    crossEntropy: () => crossEntropy([logits]),
    oneHot: () => mcmi(oneHot)([logits]),
    "float rows": () => mcmi(rows)([logits]),
    indices: () => mcmi(indices)([logits]),
  };
  const medians = await interleavedMedians(
    {
      crossEntropy: untilDone(losses.crossEntropy),
      oneHot: untilDone(losses.oneHot),
      "float rows": untilDone(losses["float rows"]),
      indices: untilDone(losses.indices),
    },
    EFFORT,
    "wall",
  );
  const base = await footprint(losses.crossEntropy);
  const table = [];
  for (const labels of ["indices", "oneHot", "float rows"] as const) {
    const { kernels, peakBytes } = await footprint(losses[labels]);
    table.push({
      backend,
      logits: `[${batch},${numClasses}]`,
      labels,
      "CE ms": medians.crossEntropy.toFixed(2),
      "MCMI ms": medians[labels].toFixed(2),
      ratio: (medians[labels] / medians.crossEntropy).toFixed(2),
      kernels: `${base.kernels} / ${kernels}`,
      "peak KiB": `${Math.round(base.peakBytes / 1024)} / ${Math.round(peakBytes / 1024)}`,
    });
  }
  tf.dispose([logits, centroids, indices, oneHot, rows]);
  return table;
}
