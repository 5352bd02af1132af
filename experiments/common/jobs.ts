/** Progress of a job. */
export interface Progress {
  /** The share of the work done, 0–1. */
  done: number;
  label: string;
}

/** Runs a job elsewhere. Reports can carry more than the progress. */
export type Run<Job, Result, Report extends Progress = Progress> = (
  job: Job,
  onProgress: (report: Report) => void,
) => Promise<Result>;

/** Runs all jobs, a few at a time. Results are in the order of the jobs. */
export async function runAll<
  Job extends { seed: number },
  Result,
  Report extends Progress = Progress,
>(
  jobs: readonly Job[],
  atOnce: number,
  run: Run<Job, Result, Report>,
  onProgress: (seed: number, report: Report) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...jobs.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, job] = next;
      results[i] = await run(job, (report) => onProgress(job.seed, report));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
