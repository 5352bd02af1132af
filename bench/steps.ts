import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { median } from "d3-array";
import { formatTable } from "./measure.ts";
import { type NetworkName, networkNames } from "./networks.ts";
import type { StepsOptions } from "./steps-worker.ts";

export const description = "training steps on wasm, with the SIMD module and without it";

const LOSSES = ["CE", "MCMI", "KD"] as const;
const WARM_UP = 2;
const STEPS = 7;

/** What a stepper reports of a step: CPU and wall time in milliseconds. */
interface Step {
  cpu: number;
  wall: number;
}

/** Kernels are registered per process, so each side runs in its own process, and they take turns. */
export async function run(): Promise<void> {
  const rows = [];
  for (const network of networkNames) {
    for (const loss of LOSSES) rows.push(await compare(network, loss));
  }
  console.log(formatTable(rows));
}

async function compare(network: NetworkName, loss: StepsOptions["loss"]) {
  const sides = [
    await startStepper({ network, loss, kernels: "module" }),
    await startStepper({ network, loss, kernels: "no module" }),
    ...(network === "mlp" ? [await startStepper({ network, loss, kernels: "stock" })] : []),
  ];
  const steps: Step[][] = sides.map(() => []);
  for (let round = 0; round < WARM_UP + STEPS; round++) {
    for (const [i, side] of sides.entries()) {
      const step = await side.step();
      if (round >= WARM_UP) steps[i]!.push(step);
    }
  }
  for (const side of sides) side.stop();
  const [ours, without, stock] = steps.map((of) => ({
    cpu: median(of, ({ cpu }) => cpu)!,
    wall: median(of, ({ wall }) => wall)!,
  }));
  const times = (theirs: Step | undefined) =>
    theirs ? `${(theirs.cpu / ours!.cpu).toFixed(2)}` : "–";
  return {
    network,
    loss,
    "CPU ms": ours!.cpu.toFixed(1),
    "wall ms": ours!.wall.toFixed(1),
    "without module": without!.cpu.toFixed(1),
    "times faster": times(without),
    stock: stock?.cpu.toFixed(1) ?? "–",
    "times faster than stock": times(stock),
  };
}

/** Starts a process that trains a network. */
export async function startStepper(options: StepsOptions) {
  const path = fileURLToPath(new URL("steps-worker.ts", import.meta.url));
  const child: ChildProcess = fork(path, [JSON.stringify(options)], {
    execArgv: ["--import", "tsx"],
  });
  await once(child, "message");
  const ask = async (message: string) => {
    child.send(message);
    const [answer] = await once(child, "message");
    return answer;
  };
  return {
    async step(): Promise<Step> {
      const start = performance.now();
      const { cpu } = await ask("step");
      return { cpu, wall: performance.now() - start };
    },
    profile: () => ask("profile"),
    stop: () => child.disconnect(),
  };
}
