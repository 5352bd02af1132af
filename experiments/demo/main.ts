import { availableParallelism } from "node:os";
import { installChromium } from "../../scripts/chromium.ts";
import { orExit } from "../common/exit.ts";
import { runAll } from "../common/jobs.ts";
import { showProgress } from "../common/progress.ts";
import { loaders } from "../data/load.ts";
import { range } from "../data/order.ts";
import type { RunJob } from "./job.ts";
import { readOptions } from "./options.ts";
import { writeReport } from "./report.ts";
import { runInBrowser } from "./run-in-browser.ts";
import { runInChild } from "./run-in-child.ts";
import { printTable, summarize } from "./summary.ts";

const options = readOptions(process.argv.slice(2));
const { backend, recipe } = options;
if (backend === "webgl" || backend === "webgpu") installChromium();

const data = await orExit(() => loaders[options.dataset]());
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
const results = await orExit(() => runAll(jobs, atOnce, run, display.update).finally(display.stop));
const seconds = Math.round((performance.now() - start) / 1000);

const rows = summarize(results, recipe, data.classNames);
console.log(printTable(rows));
console.log(
  `${data.name}, accuracies on ${recipe.evaluate} images; mean ± standard error over ${seeds.length} seed(s); ${seconds} s on ${backend}`,
);
console.log(`written: ${writeReport({ options, data, results, rows, seconds })}`);
