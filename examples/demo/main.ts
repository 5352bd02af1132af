import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { loaders } from "../data/load.ts";
import { type RunJob, runAll } from "./job.ts";
import { type BackendName, readOptions } from "./options.ts";
import { showProgress } from "./progress.ts";
import { writeReport } from "./report.ts";
import { runInBrowser } from "./run-in-browser.ts";
import { runInChild } from "./run-in-child.ts";
import { printTable, summarize } from "./summary.ts";
import { range } from "./training.ts";

const options = readOptions(process.argv.slice(2));
const { backend, recipe } = options;
prepare(backend);

const data = load();
const seeds = range(options.seeds).map((i) => i + 1);
const atOnce = Math.min(seeds.length, availableParallelism());
const run: RunJob = backend === "webgl" ? runInBrowser : runInChild;
console.error(
  `${data.name} on ${backend}: ${seeds.length} seed(s), ${atOnce} at once; λ = ${recipe.lambda}`,
);
const display = showProgress(seeds);
process.once("SIGINT", () => {
  display.stop();
  console.error("\nstopped: nothing was written");
  process.exit(130);
});

const start = performance.now();
const jobs = seeds.map((seed) => ({ backend, data, recipe, seed }));
const results = await runAll(jobs, atOnce, run, display.update).finally(display.stop);
const seconds = Math.round((performance.now() - start) / 1000);

const rows = summarize(results, recipe, data.classNames);
console.log(printTable(rows));
console.log(
  `${data.name}, accuracies on ${recipe.evaluate} images; mean ± standard error over ${seeds.length} seed(s); ${seconds} s on ${backend}`,
);
console.log(`written: ${writeReport({ options, data, results, rows, seconds })}`);

/** Chromium, or the software driver that comes with it, where the backend needs one. */
function prepare(backend: BackendName): void {
  if (backend !== "webgl" && backend !== "webgpu") return;
  const setup = fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url));
  execFileSync(process.execPath, [setup, "--chromium"], { stdio: ["ignore", 2, 2] });
}

function load() {
  try {
    return loaders[options.dataset]();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
