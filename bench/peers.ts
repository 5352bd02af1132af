import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients that tfjs' gather form needs
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../scripts/node-backends.ts";
import type { BenchOptions } from "./lines.ts";
import {
  disposing,
  footprint,
  formatTable,
  interleavedTimes,
  type LossAndGradient,
  type Times,
  timed,
  untilDone,
} from "./measure.ts";
import { pythonWithTorch, startPeer } from "./peers/peer.ts";
import { crd, nst, rkd, sp } from "./peers/workloads.ts";

export const description =
  "CRD, RKD, NST and SP on wasm with kd-cmi/wasm, against their reference forms in PyTorch on one thread";

const TOLERANCE = 1e-3;
/** PyTorch's first rounds are dominated by page faults. */
const EFFORT = { warmUp: 3, minimum: 7, seconds: 5 };
/** tfjs' gather form takes 15 to 30 seconds and more than 2 GB. */
const SLOW = { warmUp: 0, minimum: 2, seconds: 0 };
/** In bytes: a fifth of what the gather form gathers per side, 4·64·16385·128. */
const CRD_PEAK = 537e6 / 5;

interface Ours {
  name: string;
  compute: LossAndGradient;
  /** The required speed-up. */
  goal: number;
}

/** What is measured of a loss: medians. */
export interface PeerLine {
  loss: string;
  ours: Times;
  /** PyTorch and its version, or tfjs' gather form. */
  against: string;
  theirs?: Times;
  goal: number;
}

export async function run({ python: wanted, write }: BenchOptions): Promise<void> {
  await startNodeBackend("wasm");
  registerTrainingKernels();
  const python = pythonWithTorch(wanted);
  const against = (script: string, ours: () => Ours[]) =>
    disposing(() => againstPeer(python, script, ours()));
  const lines = [
    ...(await against("sp.py", () => [{ name: "SP", compute: sp(), goal: 0.6 }])),
    ...(await against("nst.py", () => [{ name: "NST", compute: nst(), goal: 6 }])),
    ...(await against("rkd.py", () => [{ name: "RKD", compute: rkd(), goal: 12 }])),
    ...(await disposing(() => compareCrd(python))),
  ];
  for (const line of lines) write?.(line);
  console.log(formatTable(lines.map(rowOf)));
}

async function compareCrd(python: string | undefined): Promise<PeerLine[]> {
  const { each, shared, gathered } = crd();
  const ours = { name: "CRD, rows of each sample", compute: each, goal: 3 };
  const lines = await againstPeer(python, "crd.py", [
    ours,
    { name: "CRD, shared rows", compute: shared, goal: 8 },
  ]);
  const tasks = { ours: timed(untilDone(each)), theirs: timed(untilDone(gathered)) };
  const medians = await interleavedTimes(tasks, SLOW);
  const { peakBytes } = await footprint(each);
  const verdict = peakBytes <= CRD_PEAK ? "met" : "missed";
  console.log(
    `CRD, rows of each sample, takes ${megabytes(peakBytes)} MB, ` +
      `tfjs' gather form ${megabytes((await footprint(gathered)).peakBytes)} MB; ` +
      `goal: at most ${megabytes(CRD_PEAK)} MB, ${verdict}`,
  );
  return [...lines, { loss: ours.name, goal: ours.goal, against: "tfjs' gather", ...medians }];
}

/** The first of ours is the same loss as the peer's; the others are other forms of it. */
async function againstPeer(
  python: string | undefined,
  script: string,
  ours: Ours[],
): Promise<PeerLine[]> {
  const tasks: Record<string, () => Promise<Times>> = Object.fromEntries(
    ours.map(({ name, compute }) => [name, timed(untilDone(compute))]),
  );
  const peer = python === undefined ? undefined : await startPeer(python, [script]);
  const against = `PyTorch ${peer?.about.version ?? "(absent)"}`;
  if (peer) {
    assertEqual(ours[0]!, (await peer.step()).value);
    tasks[against] = peer.step;
  }
  const medians = await interleavedTimes(tasks, EFFORT);
  await peer?.stop();
  return ours.map(({ name, goal }) => ({
    loss: name,
    ours: medians[name]!,
    against,
    ...(peer && { theirs: medians[against]! }),
    goal,
  }));
}

function rowOf({ loss, ours, against, theirs, goal }: PeerLine) {
  const ratio = theirs && theirs.cpu / ours.cpu;
  return {
    loss,
    "CPU ms": ours.cpu.toFixed(1),
    "wall ms": ours.wall.toFixed(1),
    against,
    "its CPU ms": theirs?.cpu.toFixed(1) ?? "–",
    "times faster": ratio?.toFixed(2) ?? "–",
    goal: `${goal}`,
    "": ratio === undefined ? "–" : ratio >= goal ? "met" : "missed",
  };
}

/** Checks that both implementations agree; otherwise their times are not comparable. */
function assertEqual({ name, compute }: Ours, expected: number) {
  const [value] = tf.tidy(() => compute().value.dataSync());
  if (Math.abs(value! - expected) <= TOLERANCE * Math.abs(expected)) return;
  throw new Error(`bench peers: ${name} must be ${expected} as in PyTorch, got ${value}`);
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);
