import type { BenchOptions } from "./lines.ts";
import { formatTable } from "./measure.ts";
import { networkNames } from "./networks.ts";
import { startStepper } from "./steps.ts";

export const description = "time per kernel of a training step on wasm";

const STEPS = 3;

export async function run({ networks }: BenchOptions): Promise<void> {
  for (const network of networkNames.filter((n) => !networks || networks.includes(n))) {
    const stepper = await startStepper({ network, loss: "CE", kernels: "module", profile: true });
    await stepper.step();
    await stepper.profile();
    let cpu = 0;
    for (let i = 0; i < STEPS; i++) cpu += (await stepper.step()).cpu;
    const times: { name: string; calls: number; ms: number }[] = await stepper.profile();
    stepper.stop();
    const inKernels = times.reduce((sum, { ms }) => sum + ms, 0);
    console.log(
      `${network}: ${(cpu / STEPS).toFixed(1)} ms of CPU, ${(inKernels / STEPS).toFixed(1)} in kernels`,
    );
    const rows = times.slice(0, 25).map(({ name, calls, ms }) => ({
      kernel: name,
      calls: `${calls / STEPS}`,
      ms: (ms / STEPS).toFixed(2),
    }));
    console.log(formatTable(rows));
  }
}
