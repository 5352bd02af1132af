import { availableParallelism } from "node:os";
import { join } from "node:path";
import { installChromium } from "../../scripts/chromium.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { inChildProcess } from "../common/child-process.ts";
import { orExit } from "../common/exit.ts";
import { runAll } from "../common/jobs.ts";
import { showProgress } from "../common/progress.ts";
import { pick } from "../data/images.ts";
import { loaders } from "../data/load.ts";
import { range, shuffled } from "../data/order.ts";
import { readOptions } from "./options.ts";
import { writeReport } from "./report.ts";
import type { Job, Recipe, SeedResult } from "./seed.ts";
import { printTable, summarize, verdict } from "./summary.ts";

/** Images of each class that the report shows. */
const SHOWN = 8;

const options = readOptions(process.argv.slice(2));
const { backend, classes, epochs } = options;
if (backend === "webgpu") installChromium();
await startNodeBackend("wasm"); // for the pictures; each seed has a process of its own

const all = await orExit(() => loaders[options.dataset]());
const chosen = shuffled(range(all.test.labels.length), "test").slice(0, options.testImages);
const data = { ...all, test: pick(all.test, chosen) };
const firstOf = (label: number) =>
  range(data.test.labels.length).filter((place) => data.test.labels[place] === label);
const recipe: Recipe = {
  trainImages: options.images,
  validationImages: 1000,
  teacher: { epochs, batchSize: 64, learningRate: 2e-3 },
  fineTuning: { epochs: Math.ceil(epochs / 2), batchSize: 64, learningRate: 1e-3 },
  lambda: options.lambda,
  method: options.method,
  shown: Object.fromEntries(classes.map((label) => [label, firstOf(label).slice(0, SHOWN)])),
};
const seeds = range(options.seeds).map((i) => i + 1);
const atOnce = Math.min(seeds.length, availableParallelism());
console.error(
  `${data.name} on ${backend}: ${seeds.length} seed(s), ${atOnce} at once; λ = ${recipe.lambda}`,
);
const display = showProgress(seeds);
process.once("SIGINT", () => {
  display.stop();
  console.error("\nstopped: no report was written");
  process.exit(130);
});

const start = performance.now();
const folder = join(options.out, "teachers");
const { reuse } = options;
const jobs = seeds.map((seed): Job => ({ backend, data, recipe, seed, folder, reuse }));
const run = inChildProcess<Job, SeedResult>(new URL("child.ts", import.meta.url));
const results = await orExit(() => runAll(jobs, atOnce, run, display.update).finally(display.stop));
const seconds = Math.round((performance.now() - start) / 1000);

const rows = summarize(results, classes, data.classNames);
console.log(printTable(rows));
for (const row of rows.filter(({ name }) => name.startsWith("Maps of all"))) {
  console.log(verdict(row));
}
console.log(`written: ${await writeReport({ options, recipe, data, results, rows, seconds })}`);
