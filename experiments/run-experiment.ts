import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Dataset } from "./data/images.ts";
import { type Outcome, outcomes } from "./evaluate.ts";
import { teachersInFiles } from "./pipeline/file-teachers.ts";
import type { Plan } from "./pipeline/plan.ts";
import { type RunProgress, runPlans } from "./pipeline/run-plans.ts";
import type { SeedJob } from "./pipeline/serve-seed.ts";

/** The missing runs of a seed. */
export interface ExperimentJob extends SeedJob {
  plans: readonly Plan[];
  /** Where teachers are kept from run to run. */
  folder: string;
}

/** Runs all plans of a job and reports each outcome when its run is done. */
export async function runExperiment(
  { backend, seed, plans, folder }: ExperimentJob,
  data: Dataset,
  onProgress: (progress: RunProgress<Outcome>) => void,
): Promise<void> {
  const stores = teachersInFiles((settings) => {
    const hash = createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
    return join(folder, `${settings.plan.network}-${hash}.checkpoint`);
  });
  await runPlans({ data, seed, plans, backend, stores }, outcomes, onProgress);
}
