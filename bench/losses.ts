import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients that the compositions need
import { registerTrainingKernels } from "kd-cmi/wasm";
import { registerLossKernels } from "kd-cmi/webgpu";
import { startNodeBackend } from "../scripts/node-backends.ts";
import type { BenchOptions } from "./lines.ts";
import type { Comparison } from "./losses/comparison.ts";
import { comparisons } from "./losses/index.ts";
import {
  disposing,
  footprint,
  formatTable,
  interleavedMedians,
  type LossAndGradient,
  lossAndGradients,
  type Times,
  untilDone,
} from "./measure.ts";

export const description =
  "each loss against its formula in tf operations and against tf's cross-entropy, with gradients";

const TOLERANCE = 1e-3;
const EFFORT = { warmUp: 2, minimum: 3, seconds: 1 };

/** The backends, each with our kernels where there are some. */
const SETTINGS: Record<string, { backend: string; register?: () => void }> = {
  cpu: { backend: "cpu" },
  wasm: { backend: "wasm" },
  "wasm with kd-cmi/wasm": { backend: "wasm", register: registerTrainingKernels },
  webgpu: { backend: "webgpu" },
  "webgpu with kd-cmi/webgpu": { backend: "webgpu", register: registerLossKernels },
};

/** What is measured of a loss. Times are medians of CPU time, in ms, of value and gradient. */
export interface LossLine extends Measured {
  setting: string;
  loss: string;
}

interface Measured {
  student: string;
  ms: number;
  compositionMs: number;
  /** `tf.losses.softmaxCrossEntropy` of logits [batch, 100]. */
  crossEntropyMs: number;
  kernels: number;
  compositionKernels: number;
  /** Programs that webgpu dispatches. Other backends have none. */
  dispatches?: number;
  peakBytes: number;
  compositionPeakBytes: number;
}

/** Measures all losses in all settings, or those whose names begin with one of the given words. */
export async function run({ settings, losses, write }: BenchOptions): Promise<void> {
  const isChosen = (name: string, words: readonly string[] | undefined) =>
    !words || words.some((word) => name.startsWith(word));
  const lines: LossLine[] = [];
  for (const [setting, { backend, register }] of Object.entries(SETTINGS)) {
    if (!isChosen(backend, settings)) continue;
    await startNodeBackend(backend);
    register?.();
    for (const [loss, make] of Object.entries(comparisons)) {
      if (!isChosen(loss, losses)) continue;
      const measured = await disposing(() => compareLoss(loss, make(), "cpu"));
      lines.push({ setting, loss, ...measured });
      write?.(lines.at(-1)!);
    }
  }
  console.log("Pairs of numbers are ours / composed of tf operations.");
  console.log(formatTable(lines.map(rowOf)));
}

/** Measures a loss and its composition on the current backend. On a GPU of hardware, CPU time says little. */
export async function compareLoss(
  name: string,
  { students, ours, composition }: Comparison,
  kind: keyof Times,
  batch = 64,
): Promise<Measured> {
  const a = lossAndGradients(ours, students);
  const b = lossAndGradients(composition, students);
  await assertEqual(name, a, b);
  const tasks = { a: untilDone(a), b: untilDone(b), ce: untilDone(crossEntropy(batch)) };
  const medians = await interleavedMedians(tasks, EFFORT, kind);
  const [used, usedByB] = [await footprint(a), await footprint(b)];
  return {
    student: students[0]!.shape.join("×"),
    ms: medians.a,
    compositionMs: medians.b,
    crossEntropyMs: medians.ce,
    kernels: used.kernels,
    compositionKernels: usedByB.kernels,
    ...(tf.getBackend() === "webgpu" && { dispatches: await dispatchesOf(tasks.a) }),
    peakBytes: used.peakBytes,
    compositionPeakBytes: usedByB.peakBytes,
  };
}

function crossEntropy(batch: number): LossAndGradient {
  const classes = tf.mod(tf.range(0, batch, 1, "int32"), tf.scalar(100, "int32")) as tf.Tensor1D;
  const labels = tf.cast(tf.oneHot(classes, 100), "float32");
  const logits = tf.randomNormal([batch, 100], 0, 1, "float32", 3);
  return lossAndGradients((z) => tf.losses.softmaxCrossEntropy(labels, z!), [logits]);
}

/** The programs that a computation dispatches on webgpu. */
async function dispatchesOf(task: () => Promise<void>): Promise<number> {
  const backend = tf.backend() as WebGPUBackend;
  let dispatches = 0;
  const original = backend.runWebGPUProgram;
  backend.runWebGPUProgram = (...args) => {
    dispatches++;
    return original.apply(backend, args);
  };
  await task();
  backend.runWebGPUProgram = original;
  return dispatches;
}

function rowOf(line: LossLine): Record<string, string> {
  const pair = (x: number, y: number, digits = 0) => `${x.toFixed(digits)} / ${y.toFixed(digits)}`;
  const kib = (bytes: number) => bytes / 1024;
  return {
    setting: line.setting,
    loss: line.loss,
    student: line.student,
    ms: pair(line.ms, line.compositionMs, 1),
    "of composition": (line.ms / line.compositionMs).toFixed(2),
    "of cross-entropy": (line.ms / line.crossEntropyMs).toFixed(2),
    kernels: pair(line.kernels, line.compositionKernels),
    dispatches: `${line.dispatches ?? "–"}`,
    "peak KiB": pair(kib(line.peakBytes), kib(line.compositionPeakBytes)),
  };
}

/** Checks that both implementations agree; otherwise their times are not comparable. */
async function assertEqual(name: string, ours: LossAndGradient, composition: LossAndGradient) {
  const distances = tf.tidy(() => {
    const [a, b] = [ours, composition].map((compute) => {
      const { value, grads } = compute();
      return [value, ...grads];
    }) as [tf.Tensor[], tf.Tensor[]];
    return a.map((x, i) => tf.div(tf.norm(tf.sub(x, b[i]!)), tf.norm(b[i]!)));
  });
  const errors = await Promise.all(distances.map(async (x) => (await x.data())[0]!));
  tf.dispose(distances);
  if (errors.every((error) => error < TOLERANCE)) return;
  throw new Error(
    `bench losses: ${name} on ${tf.getBackend()} must equal its composition in value and ` +
      `gradients within ${TOLERANCE}, the relative errors are ${errors}`,
  );
}
