/** Entry of a child process: does one job on a backend that runs in Node. */
import { registerTrainingKernels } from "kd-cmi/wasm";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import type { Job } from "./job.ts";
import { runSeed } from "./seed.ts";

process.once("disconnect", () => process.exit());
process.once("message", async ({ backend, data, recipe, seed }: Job) => {
  await startNodeBackend(backend);
  if (backend === "wasm") registerTrainingKernels();
  const result = await runSeed(data, recipe, seed, (progress) => process.send!({ progress }));
  process.send!({ result });
});
