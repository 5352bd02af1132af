import { serveJob } from "../common/child-process.ts";
import type { Progress } from "../common/jobs.ts";
import { startTrainingBackend } from "../common/training-backend.ts";
import type { Dataset } from "../data/images.ts";
import { loadDataset } from "../data/load.ts";

/** What every job has. */
export interface SeedJob {
  backend: string;
  /** As on the command line. */
  dataset: string;
  seed: number;
}

/** Serves a job in a child process, with its data set, on a backend that runs in Node. */
export const serveSeed = <Job extends SeedJob, Result, Report extends Progress = Progress>(
  run: (job: Job, data: Dataset, onProgress: (report: Report) => void) => Promise<Result>,
): void =>
  serveJob<Job, Result, Report>(async (job, onProgress) => {
    await startTrainingBackend(job.backend);
    return run(job, await loadDataset(job.dataset), onProgress);
  });
