/** Entry of `npm run experiment`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installChromium } from "../scripts/chromium.ts";
import { inChildProcess } from "./common/child-process.ts";
import { orExit } from "./common/exit.ts";
import { writeWhole } from "./common/files.ts";
import { runSeeds } from "./common/run-seeds.ts";
import { printRows } from "./common/summary.ts";
import { countOf } from "./common/text.ts";
import { loadDataset, resultsFolder } from "./data/load.ts";
import { range } from "./data/order.ts";
import type { Outcome } from "./evaluate.ts";
import { readOptions } from "./options.ts";
import { gather } from "./outcomes.ts";
import type { RunProgress } from "./pipeline/run-plans.ts";
import { recipeFor, recipes } from "./recipe.ts";
import { experimentPage } from "./report/html.ts";
import { protocolOf, questionOf } from "./report/intro.ts";
import { appendResult, keyOf, readResults, repairResults } from "./results.ts";
import type { ExperimentJob } from "./run-experiment.ts";
import { studies } from "./studies/index.ts";

const options = readOptions(process.argv.slice(2));
const { name, backend, workers } = options;
if (backend === "webgpu") installChromium(); // includes the software driver of the GPU
const data = await orExit(() => loadDataset(options.dataset));
const dataset = data.name;
const study = studies[name];
const recipe = options.scale ? recipes[options.scale] : recipeFor(data.train.shape);
const plans = study.plans(recipe);
const seeds = range(options.seeds).map((i) => options.firstSeed + i);

const folder = join(options.out, resultsFolder(options.dataset));
const file = join(folder, `${name}.jsonl`);
const repaired = await repairResults(file);
if (repaired) console.error(repaired);
const earlier = await orExit(() => readResults(file));
const known = new Set(options.resume ? earlier.map(keyOf) : []);
const jobs = seeds
  .map(
    (seed): ExperimentJob => ({
      backend,
      dataset: options.dataset,
      seed,
      plans: plans.filter((plan) => !known.has(keyOf({ backend, dataset, seed, plan }))),
      folder: join(folder, "teachers"),
    }),
  )
  .filter((job) => job.plans.length > 0);
const missing = jobs.reduce((sum, job) => sum + job.plans.length, 0);
console.error(
  `${name}, ${dataset} on ${backend}: ${missing} of ${countOf(seeds.length * plans.length, "run")}, ${countOf(workers, "seed")} at once`,
);

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
await runSeeds({
  jobs,
  workers,
  run: inChildProcess<ExperimentJob, void, RunProgress<Outcome>>(
    new URL("child.ts", import.meta.url),
  ),
  stopped: `stopped: finished runs are in ${file}; --resume continues from there`,
  onReport(seed, { finished }) {
    if (!finished) return;
    const { plan, result: outcome, seconds } = finished;
    appendResult(file, { version, backend, dataset, seed, plan, outcome, seconds });
  },
});

const outcomes = gather(readResults(file), plans, { dataset, backend, seeds });
const sections = study.sections(outcomes, recipe, data.classNames);
for (const { title, table } of sections) {
  if (table) console.log(`\n${title}\n${printRows(table.head, table.rows)}`);
}
const page = experimentPage(
  `${study.title}: ${dataset}`,
  [questionOf(study, outcomes, backend), protocolOf(recipe)],
  sections,
);
const report = join(folder, `${name}.html`);
await writeWhole(report, page);
console.log(`${countOf(seeds.length, "seed")} on ${backend}; written: ${file}, ${report}`);
