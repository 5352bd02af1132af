import { registerTrainingKernels } from "kd-cmi/wasm";
import { registerGradientKernels, registerLossKernels } from "kd-cmi/webgpu";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { uploadByQueue } from "../../scripts/upload-by-queue.ts";
import { serveJob } from "../common/child-process.ts";
import type { Progress } from "../common/jobs.ts";
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
    await startNodeBackend(job.backend);
    prepare(job.backend);
    return run(job, await loadDataset(job.dataset), onProgress);
  });

/** Makes training on the started backend fast. */
function prepare(backend: string): void {
  if (backend === "wasm") registerTrainingKernels();
  if (backend === "webgpu") {
    registerLossKernels();
    registerGradientKernels();
    uploadByQueue();
  }
}
