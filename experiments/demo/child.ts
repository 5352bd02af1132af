/** Entry of a child process: does one job on a backend that runs in Node. */
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { serveJob } from "../common/child-process.ts";
import type { Job } from "./job.ts";
import { runSeed, type SeedResult } from "./seed.ts";

serveJob<Job, SeedResult>(async ({ backend, data, recipe, seed }, onProgress) => {
  await startNodeBackend(backend);
  if (backend === "wasm") registerTrainingKernels();
  return runSeed(data, recipe, seed, onProgress);
});
