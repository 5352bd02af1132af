/** Entry of a child process: does all runs of a seed. */
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../scripts/node-backends.ts";
import { serveJob } from "./common/child-process.ts";
import { loadDataset } from "./data/load.ts";
import { type Job, type JobProgress, runJob } from "./run.ts";

serveJob<Job, void, JobProgress>(async (job, onProgress) => {
  await startNodeBackend(job.backend);
  if (job.backend === "wasm") registerTrainingKernels();
  await runJob(job, loadDataset(job.dataset), onProgress);
});
