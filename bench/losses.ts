import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients that the compositions need
import { startNodeBackend } from "../scripts/node-backends.ts";
import type { Comparison } from "./losses/comparison.ts";
import { contrast } from "./losses/contrast.ts";
import { features } from "./losses/features.ts";
import { logits } from "./losses/logits.ts";
import { relations } from "./losses/relations.ts";
import {
  disposing,
  footprint,
  formatTable,
  interleavedMedians,
  type LossAndGradient,
  untilDone,
} from "./measure.ts";

export const description =
  "each distillation loss against its formula in tf operations, with gradients, on wasm and cpu";

const TOLERANCE = 1e-3;
const EFFORT = { warmUp: 2, minimum: 3, seconds: 1 };

/** Compares on the stock wasm backend, without the kernels of kd-cmi/wasm, and on cpu. */
export async function run(): Promise<void> {
  const rows = [];
  for (const backend of ["wasm", "cpu"]) {
    await startNodeBackend(backend);
    const comparisons = { ...logits, ...features, ...relations, ...contrast };
    for (const [loss, make] of Object.entries(comparisons)) {
      const row = await disposing(() => compare(loss, make()));
      rows.push({ backend, loss, ...row });
    }
  }
  console.log("Pairs of numbers are ours / composed of tf operations.");
  console.log(formatTable(rows));
}

async function compare(name: string, { students, ours, composition }: Comparison) {
  const a = lossAndGradients(ours, students);
  const b = lossAndGradients(composition, students);
  assertEqual(name, a, b);
  const medians = await interleavedMedians({ a: untilDone(a), b: untilDone(b) }, EFFORT);
  const [used, usedByB] = [await footprint(a), await footprint(b)];
  const pair = (x: number, y: number, digits = 0) => `${x.toFixed(digits)} / ${y.toFixed(digits)}`;
  return {
    student: students[0]!.shape.join("×"),
    ms: pair(medians.a, medians.b, 1),
    ratio: (medians.a / medians.b).toFixed(2),
    kernels: pair(used.kernels, usedByB.kernels),
    "peak KiB": pair(used.peakBytes / 1024, usedByB.peakBytes / 1024),
  };
}

function lossAndGradients(loss: Comparison["ours"], students: tf.Tensor[]): LossAndGradient {
  const compute = tf.valueAndGrads(loss);
  return () => compute(students);
}

/** Checks that both implementations agree; otherwise their times are not comparable. */
function assertEqual(name: string, ours: LossAndGradient, composition: LossAndGradient) {
  const errors = tf.tidy(() => {
    const [a, b] = [ours, composition].map((compute) => {
      const { value, grads } = compute();
      return [value, ...grads];
    }) as [tf.Tensor[], tf.Tensor[]];
    return a.map((x, i) => tf.div(tf.norm(tf.sub(x, b[i]!)), tf.norm(b[i]!)).dataSync()[0]!);
  });
  if (errors.every((error) => error < TOLERANCE)) return;
  throw new Error(
    `bench losses: ${name} on ${tf.getBackend()} must equal its composition in value and ` +
      `gradients within ${TOLERANCE}, the relative errors are ${errors}`,
  );
}
