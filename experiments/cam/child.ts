/** Entry of a child process: does one job on a backend that runs in Node. */
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { serveJob } from "../common/child-process.ts";
import { type Job, runSeed, type SeedResult } from "./seed.ts";

serveJob<Job, SeedResult>(async (job, onProgress) => {
  await startNodeBackend(job.backend);
  if (job.backend === "wasm") registerTrainingKernels();
  return runSeed(job, onProgress);
});
