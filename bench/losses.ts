import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // brings the gradients that the compositions need
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
  "each distillation loss against its formula in tf's own operations, value and gradient, on wasm and cpu";

const TOLERANCE = 1e-3;
const EFFORT = { warmUp: 2, minimum: 3, seconds: 1 };

/** wasm is the stock backend, without the kernels of kd-cmi/wasm. */
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
  console.log("Of two numbers the first is ours, the second that of tf's operations.");
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

/** Two ways to one loss must agree, else their times say nothing. */
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
