import { MultiBar, Presets, type SingleBar } from "cli-progress";
import type { Progress } from "./jobs.ts";

/** A display of the progress of each seed. */
export interface ProgressDisplay {
  update(seed: number, progress: Progress): void;
  stop(): void;
}

export const showProgress = (seeds: readonly number[]): ProgressDisplay =>
  process.stderr.isTTY ? bars(seeds) : lines();

/** A bar for each seed, with the estimated time left. */
function bars(seeds: readonly number[]): ProgressDisplay {
  const format = "seed {seed} {bar} {percentage} % | {eta_formatted} left | {label}";
  const options = { format, hideCursor: true, clearOnComplete: false, etaBuffer: 50 };
  const multi = new MultiBar(options, Presets.shades_classic);
  const of = new Map<number, SingleBar>(
    seeds.map((seed) => [seed, multi.create(1000, 0, { seed, label: "waiting" })]),
  );
  return {
    update: (seed, { done, label }) =>
      of.get(seed)?.update(Math.round(done * 1000), { seed, label }),
    stop: () => multi.stop(),
  };
}

/** A line for each tenth of a seed's work. */
function lines(): ProgressDisplay {
  const start = performance.now();
  const tenths = new Map<number, number>();
  return {
    update(seed, { done, label }) {
      const tenth = Math.floor(done * 10);
      if (tenth <= (tenths.get(seed) ?? 0)) return;
      tenths.set(seed, tenth);
      const seconds = (performance.now() - start) / 1000;
      const left = Math.round(seconds / done - seconds);
      console.error(`seed ${seed}: ${tenth * 10} %, about ${left} s left (${label})`);
    },
    stop: () => {},
  };
}
