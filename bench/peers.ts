import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients that tfjs' gather form needs
import { startNodeBackend } from "../scripts/node-backends.ts";
import {
  disposing,
  footprint,
  formatTable,
  interleavedMedians,
  type LossAndGradient,
  type Task,
  untilDone,
} from "./measure.ts";
import { hasTorch, startPeer } from "./peers/peer.ts";
import { crd, nst, rkd, sp } from "./peers/workloads.ts";

export const description =
  "CRD, RKD, NST and SP on wasm against their reference forms in PyTorch on one thread";

const PYTORCH = "PyTorch";
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

export async function run(): Promise<void> {
  await startNodeBackend("wasm");
  if (!hasTorch()) {
    console.log("PyTorch is absent; to install it: apt install python3-torch libopenblas0-pthread");
  }
  const rows = [
    ...(await disposing(() => againstPeer("sp.py", [{ name: "SP", compute: sp(), goal: 1 }]))),
    ...(await disposing(() => againstPeer("nst.py", [{ name: "NST", compute: nst(), goal: 20 }]))),
    ...(await disposing(() => againstPeer("rkd.py", [{ name: "RKD", compute: rkd(), goal: 6 }]))),
    ...(await disposing(compareCrd)),
  ];
  console.log(formatTable(rows));
}

async function compareCrd() {
  const { each, shared, gathered } = crd();
  const ours = { name: "CRD, rows of each sample", compute: each, goal: 2 };
  const rows = await againstPeer("crd.py", [
    ours,
    { name: "CRD, shared rows", compute: shared, goal: 8 },
  ]);
  const tasks = { ours: untilDone(each), theirs: untilDone(gathered) };
  const medians = await interleavedMedians(tasks, SLOW);
  const { peakBytes } = await footprint(each);
  const verdict = peakBytes <= CRD_PEAK ? "met" : "missed";
  console.log(
    `CRD, rows of each sample, takes ${megabytes(peakBytes)} MB, ` +
      `tfjs' gather form ${megabytes((await footprint(gathered)).peakBytes)} MB; ` +
      `goal: at most ${megabytes(CRD_PEAK)} MB, ${verdict}`,
  );
  return [...rows, rowOf(ours, medians.ours, "tfjs' gather", medians.theirs)];
}

/** The first of ours is the same loss as the peer's; the others are other forms of it. */
async function againstPeer(script: string, ours: Ours[]) {
  const tasks: Record<string, Task> = Object.fromEntries(
    ours.map(({ name, compute }) => [name, untilDone(compute)]),
  );
  if (!hasTorch()) {
    const medians = await interleavedMedians(tasks, EFFORT);
    return ours.map((one) => rowOf(one, medians[one.name]!, PYTORCH));
  }
  const peer = startPeer(script);
  assertEqual(ours[0]!, await peer.step());
  tasks[PYTORCH] = peer.step;
  const medians = await interleavedMedians(tasks, EFFORT);
  await peer.stop();
  return ours.map((one) => rowOf(one, medians[one.name]!, PYTORCH, medians[PYTORCH]));
}

function rowOf({ name, goal }: Ours, ms: number, against: string, theirs?: number) {
  const ratio = theirs === undefined ? undefined : theirs / ms;
  return {
    loss: name,
    "ours ms": ms.toFixed(1),
    against,
    ms: theirs?.toFixed(1) ?? "absent",
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
