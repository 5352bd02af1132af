import { readFileSync, writeFileSync } from "node:fs";
import "@tensorflow/tfjs-layers"; // registers the gradients of compositions
import { startNodeBackend } from "../scripts/node-backends.ts";
import { comparisons } from "./losses/index.ts";
import { disposing, footprint, lossAndGradients } from "./measure.ts";

export const description =
  "kernels and peak memory of each loss on cpu and wasm, which are committed";

const FILE = new URL("footprints.json", import.meta.url);

/** Kernels that value and gradient of a loss run, and the bytes that they allocate at most. */
export interface Footprint {
  kernels: number;
  peakBytes: number;
}

/** By backend and loss. */
export type Footprints = Record<string, Record<string, Footprint>>;

/** Both are the same on every machine. `test/bench` compares them with the committed ones. */
export async function measureFootprints(): Promise<Footprints> {
  const footprints: Footprints = {};
  for (const backend of ["cpu", "wasm"]) {
    await startNodeBackend(backend);
    const ofBackend: Record<string, Footprint> = {};
    for (const [loss, make] of Object.entries(comparisons)) {
      ofBackend[loss] = await disposing(() => {
        const { ours, students } = make();
        return footprint(lossAndGradients(ours, students));
      });
    }
    footprints[backend] = ofBackend;
  }
  return footprints;
}

export const committedFootprints = (): Footprints => JSON.parse(readFileSync(FILE, "utf8"));

/** Writes the committed file. */
export async function run(): Promise<void> {
  writeFileSync(FILE, `${JSON.stringify(await measureFootprints(), null, 2)}\n`);
  console.log(`wrote ${FILE.pathname}`);
}
