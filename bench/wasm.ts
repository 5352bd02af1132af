import { once } from "node:events";
import { startChild } from "./children.ts";
import { formatTable, interleavedMedians } from "./measure.ts";
import type { NetworkName, StepperOptions } from "./wasm-stepper.ts";

export const description =
  "training steps on wasm with kd-cmi/wasm, against stock wasm (MLP) and against cpu (CNN)";

const COMPARISONS: readonly {
  network: NetworkName;
  other: StepperOptions["kind"];
  goal: number;
}[] = [
  { network: "mlp", other: "stock wasm", goal: 4 },
  { network: "cnn", other: "cpu", goal: 30 },
];

/**
 * Kernels are registered per process, so each side runs in its own process, and they take turns.
 */
export async function run(): Promise<void> {
  const rows = [];
  for (const { network, other, goal } of COMPARISONS) {
    const ours = await startStepper({ network, kind: "kd-cmi/wasm" });
    const theirs = await startStepper({ network, kind: other });
    const medians = await interleavedMedians(
      { ours: ours.step, theirs: theirs.step },
      { warmUp: 2, minimum: 5, seconds: 10 },
      "wall",
    );
    ours.stop();
    theirs.stop();
    rows.push({
      network,
      "kd-cmi/wasm ms": medians.ours.toFixed(1),
      against: other,
      ms: medians.theirs.toFixed(1),
      "times faster": (medians.theirs / medians.ours).toFixed(1),
      goal: `${goal}`,
    });
  }
  console.log(formatTable(rows));
}

async function startStepper(options: StepperOptions) {
  const { child } = await startChild("wasm-stepper", options);
  return {
    async step() {
      child.send("step");
      await once(child, "message");
    },
    stop: () => child.disconnect(),
  };
}
