import { orExit } from "./exit.ts";
import { type Progress, type Run, runAll } from "./jobs.ts";
import { showProgress } from "./progress.ts";

export interface SeedsOptions<Job, Result, Report extends Progress> {
  jobs: readonly Job[];
  /** Seeds at once. */
  workers: number;
  run: Run<Job, Result, Report>;
  /** Printed after Ctrl-C. */
  stopped: string;
  onReport?: (seed: number, report: Report) => void;
}

/** Runs a job for each seed with a display of the progress. Exits on Ctrl-C and on errors. */
export async function runSeeds<
  Job extends { seed: number },
  Result,
  Report extends Progress = Progress,
>({ jobs, workers, run, stopped, onReport }: SeedsOptions<Job, Result, Report>) {
  const display = showProgress(jobs.map(({ seed }) => seed));
  process.once("SIGINT", () => {
    display.stop();
    console.error(`\n${stopped}`);
    process.exit(130);
  });
  const start = performance.now();
  const update = (seed: number, report: Report) => {
    onReport?.(seed, report);
    display.update(seed, report);
  };
  const results = await orExit(() => runAll(jobs, workers, run, update).finally(display.stop));
  return { results, seconds: Math.round((performance.now() - start) / 1000) };
}
