import { fileURLToPath } from "node:url";
import { withPage } from "../../scripts/page.ts";
import type { Run } from "../common/jobs.ts";
import { loadDataset } from "../data/load.ts";
import type { DemoJob, SeedResult } from "./run-demo.ts";

/** Runs a seed of the demo in a page of headless Chromium. */
export const runInBrowser: Run<DemoJob, SeedResult> = async (job, onProgress) => {
  const { name, classNames, train, test } = await loadDataset(job.dataset);
  const entry = fileURLToPath(new URL("page.ts", import.meta.url));
  const files = {
    "train-pixels": train.pixels,
    "train-labels": train.labels,
    "test-pixels": test.pixels,
    "test-labels": test.labels,
  };
  return withPage({ entryPoints: [entry] }, files, async (page) => {
    await page.exposeFunction("onProgress", onProgress);
    await page.waitForFunction("globalThis.runJob");
    return page.evaluate((job) => runJob(job), { ...job, name, classNames });
  });
};
