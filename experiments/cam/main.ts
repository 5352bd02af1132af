/** Entry of `npm run cam`. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { installChromium } from "../../scripts/chromium.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { inChildProcess } from "../common/child-process.ts";
import { orExit } from "../common/exit.ts";
import { runSeeds } from "../common/run-seeds.ts";
import { verdict } from "../common/summary.ts";
import { countOf } from "../common/text.ts";
import { loadDataset } from "../data/load.ts";
import { range } from "../data/order.ts";
import { readOptions } from "./options.ts";
import { writeReport } from "./report.ts";
import { type CamJob, camRecipe, type SeedResult, withMappedImages } from "./run-cam.ts";
import { camTable, isOfAllClasses, summarize } from "./summary.ts";

/** Images of each class in the report. */
const SHOWN = 8;

const options = readOptions(process.argv.slice(2));
const { backend, dataset, classes, reuse } = options;
if (backend === "webgpu") installChromium();
await startNodeBackend("wasm"); // for the pictures; each seed runs in its own process

const all = await orExit(() => loadDataset(dataset));
const data = withMappedImages(all, options.testImages);
const placesOf = (label: number) =>
  range(data.test.labels.length).filter((place) => data.test.labels[place] === label);
const recipe = camRecipe(
  options,
  Object.fromEntries(classes.map((label) => [label, placesOf(label).slice(0, SHOWN)])),
);
const folder = join(options.out, "teachers");
const jobs = range(options.seeds).map(
  (i): CamJob => ({ backend, dataset, recipe, seed: i + 1, folder, reuse }),
);
const workers = Math.min(jobs.length, availableParallelism());
const seeds = countOf(jobs.length, "seed");
console.error(`${data.name} on ${backend}: ${seeds}, ${workers} at once; λ = ${recipe.lambda}`);
const { results, seconds } = await runSeeds<CamJob, SeedResult>({
  jobs,
  workers,
  run: inChildProcess(new URL("child.ts", import.meta.url)),
  stopped: "stopped: no report was written",
});

const rows = summarize(results, classes, data.classNames);
console.log(camTable.print(rows));
for (const row of rows.filter(isOfAllClasses)) console.log(verdict(row));
console.log(`written: ${await writeReport({ options, recipe, data, results, rows, seconds })}`);
