/** Entry of `npm run demo`. */
import { availableParallelism } from "node:os";
import { installChromium } from "../../scripts/chromium.ts";
import { inChildProcess } from "../common/child-process.ts";
import { orExit } from "../common/exit.ts";
import { runSeeds } from "../common/run-seeds.ts";
import { countOf } from "../common/text.ts";
import { loadDataset } from "../data/load.ts";
import { range } from "../data/order.ts";
import { readOptions } from "./options.ts";
import { writeReport } from "./report.ts";
import type { DemoJob, SeedResult } from "./run-demo.ts";
import { runInBrowser } from "./run-in-browser.ts";
import { demoTable, summarize } from "./summary.ts";

const options = readOptions(process.argv.slice(2));
const { backend, dataset, recipe } = options;
if (backend === "webgl" || backend === "webgpu") installChromium();

const data = await orExit(() => loadDataset(dataset));
const jobs = range(options.seeds).map((i): DemoJob => ({ backend, dataset, recipe, seed: i + 1 }));
const workers = Math.min(jobs.length, availableParallelism());
const seeds = countOf(jobs.length, "seed");
console.error(`${data.name} on ${backend}: ${seeds}, ${workers} at once; λ = ${recipe.lambda}`);
const { results, seconds } = await runSeeds<DemoJob, SeedResult>({
  jobs,
  workers,
  run: backend === "webgl" ? runInBrowser : inChildProcess(new URL("child.ts", import.meta.url)),
  stopped: "stopped: nothing was written",
});

const rows = summarize(results, recipe, data.classNames);
console.log(demoTable.print(rows));
console.log(
  `${data.name}, accuracies on ${recipe.evaluate} images; mean ± standard error over ${seeds}; ${seconds} s on ${backend}`,
);
console.log(`written: ${await writeReport({ options, data, results, rows, seconds })}`);
