/** What a run reports while it goes on. */
export interface Progress {
  /** The share of the work done, 0–1. */
  done: number;
  label: string;
}

/** Does a job somewhere else. */
export type Run<Job, Result> = (
  job: Job,
  onProgress: (progress: Progress) => void,
) => Promise<Result>;

/** Does all jobs, a few at a time; results come in the order of the jobs. */
export async function runAll<Job extends { seed: number }, Result>(
  jobs: readonly Job[],
  atOnce: number,
  run: Run<Job, Result>,
  onProgress: (seed: number, progress: Progress) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...jobs.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, job] = next;
      results[i] = await run(job, (progress) => onProgress(job.seed, progress));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
