import type { Dataset } from "../data/images.ts";
import type { Recipe } from "./recipe.ts";
import type { Progress, SeedResult } from "./seed.ts";

/** One seed's work, as it is sent to another process or to a page. */
export interface Job {
  backend: string;
  data: Dataset;
  recipe: Recipe;
  seed: number;
}

/** Does a job somewhere else. */
export type RunJob = (job: Job, onProgress: (progress: Progress) => void) => Promise<SeedResult>;

/** Does all jobs, a few at a time; results come in the order of the jobs. */
export async function runAll(
  jobs: readonly Job[],
  atOnce: number,
  run: RunJob,
  onProgress: (seed: number, progress: Progress) => void,
): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
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
