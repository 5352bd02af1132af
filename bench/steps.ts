import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { startChild } from "./children.ts";
import type { BenchOptions } from "./lines.ts";
import { formatTable, interleavedTimes, type Times } from "./measure.ts";
import { type NetworkName, networkNames } from "./networks.ts";
import { pythonWithTorch, startPeer } from "./peers/peer.ts";
import type { StepsOptions } from "./steps-worker.ts";
import { STEP_LOSSES } from "./training-step.ts";

export const description =
  "training steps on wasm: with the SIMD module, without it, with stock kernels, and in PyTorch";

const EFFORT = { warmUp: 3, minimum: 7, seconds: 3 };

/** What is measured of a training step: medians. */
export interface StepLine {
  network: NetworkName;
  loss: StepsOptions["loss"];
  ours: Times;
  withoutModule: Times;
  /** tfjs' own kernels, where they can train the network. */
  stock?: Times;
  /** The version of PyTorch, and its times on one thread. */
  pytorch?: {
    version: string;
    /** With limits with which glibc keeps freed memory. */
    tuned: Times;
    untuned: Times;
  };
}

export async function run({ networks, losses, python, write }: BenchOptions): Promise<void> {
  const torch = pythonWithTorch(python);
  const lines = [];
  for (const network of networkNames) {
    if (networks && !networks.includes(network)) continue;
    for (const loss of STEP_LOSSES) {
      if (losses && !losses.includes(loss)) continue;
      lines.push(await compare(network, loss, torch));
      write?.(lines.at(-1)!);
    }
  }
  console.log("CPU ms, and how many times as long each other one takes:");
  console.log(formatTable(lines.map(rowOf)));
}

/** Kernels are registered per process, so each side runs in its own process, and they take turns. */
async function compare(
  network: NetworkName,
  loss: StepsOptions["loss"],
  python: string | undefined,
): Promise<StepLine> {
  const start = (kernels: StepsOptions["kernels"]) => startStepper({ network, loss, kernels });
  const peer = (tuned: boolean) => startPeer(python!, ["steps.py", network, loss], { tuned });
  const ours = await start("module");
  const others = {
    withoutModule: await start("no module"),
    ...(network === "mlp" && { stock: await start("stock") }),
  };
  const peers = python !== undefined && { tuned: await peer(true), untuned: await peer(false) };
  const about = peers ? peers.tuned.about : undefined;
  if (about && about.parameters !== ours.parameters) {
    throw new Error(
      `bench steps: ${network} must have the ${about.parameters} parameters of PyTorch's, ` +
        `got ${ours.parameters}`,
    );
  }
  const sides = { ours, ...others, ...peers };
  const tasks = Object.entries(sides).map(([name, { step }]) => [name, step]);
  const medians = await interleavedTimes<string>(Object.fromEntries(tasks), EFFORT);
  await Promise.all(Object.values(sides).map((side) => side.stop()));
  const { tuned, untuned, ...rest } = medians as Record<keyof typeof sides, Times>;
  return {
    network,
    loss,
    ...(rest as Pick<StepLine, "ours" | "withoutModule" | "stock">),
    ...(about && { pytorch: { version: about.version, tuned: tuned!, untuned: untuned! } }),
  };
}

function rowOf({ network, loss, ours, withoutModule, stock, pytorch }: StepLine) {
  const times = (theirs: Times | undefined) =>
    theirs ? `${theirs.cpu.toFixed(1)} (${(theirs.cpu / ours.cpu).toFixed(2)})` : "–";
  const version = pytorch?.version ?? "(absent)";
  return {
    network,
    loss,
    "CPU ms": ours.cpu.toFixed(1),
    "wall ms": ours.wall.toFixed(1),
    "without module": times(withoutModule),
    stock: times(stock),
    [`PyTorch ${version}, malloc tuned`]: times(pytorch?.tuned),
    "as it comes": times(pytorch?.untuned),
  };
}

/** Starts a process that trains a network. */
export async function startStepper(options: StepsOptions) {
  const { child, first } = await startChild("steps-worker", options);
  const ask = async (message: string) => {
    child.send(message);
    const [answer] = await once(child, "message");
    return answer;
  };
  return {
    /** The number of trained parameters. */
    parameters: first.parameters as number,
    async step(): Promise<Times> {
      const start = performance.now();
      const { cpu } = await ask("step");
      return { cpu, wall: performance.now() - start };
    },
    profile: () => ask("profile"),
    stop: () => child.disconnect(),
  };
}
