import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { installChromium } from "../scripts/chromium.ts";
import { inChildProcess } from "./common/child-process.ts";
import { orExit } from "./common/exit.ts";
import { writeWhole } from "./common/files.ts";
import { runAll } from "./common/jobs.ts";
import { showProgress } from "./common/progress.ts";
import { printRows } from "./common/summary.ts";
import { loadDataset } from "./data/load.ts";
import { range } from "./data/order.ts";
import { readOptions } from "./options.ts";
import { gather } from "./outcomes.ts";
import { recipeFor, recipes } from "./recipe.ts";
import { experimentPage } from "./report/html.ts";
import { protocolOf, questionOf } from "./report/intro.ts";
import { appendResult, keyOf, readResults, repairResults } from "./results.ts";
import type { Job, JobProgress } from "./run.ts";
import { studies } from "./studies/index.ts";

const options = readOptions(process.argv.slice(2));
const { name, backend } = options;
if (backend === "webgpu") installChromium(); // brings the GPU's software driver
const data = await orExit(() => loadDataset(options.dataset));
const dataset = data.name;
const study = studies[name];
const recipe = options.scale ? recipes[options.scale] : recipeFor(data.train.shape);
const plans = study.plans(recipe);
const seeds = range(options.seeds).map((i) => i + 1);

const folder = join(options.out, basename(resolve(options.dataset)));
const file = join(folder, `${name}.jsonl`);
const repaired = repairResults(file);
if (repaired) console.error(repaired);
const earlier = await orExit(() => readResults(file));
const known = new Set(options.resume ? earlier.map(keyOf) : []);
const jobs = seeds
  .map(
    (seed): Job => ({
      backend,
      dataset: options.dataset,
      seed,
      plans: plans.filter((plan) => !known.has(keyOf({ backend, dataset, seed, plan }))),
      folder: join(folder, "teachers"),
    }),
  )
  .filter((job) => job.plans.length > 0);
const toDo = jobs.reduce((sum, job) => sum + job.plans.length, 0);
console.error(
  `${name}, ${dataset} on ${backend}: ${toDo} run(s) to do of ${seeds.length * plans.length}, ${options.workers} seed(s) at once`,
);
const display = showProgress(jobs.map(({ seed }) => seed));
process.once("SIGINT", () => {
  display.stop();
  console.error(`\nstopped: what is done is in ${file}; --resume goes on from there`);
  process.exit(130);
});

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const run = inChildProcess<Job, void, JobProgress>(new URL("child.ts", import.meta.url));
const onProgress = (seed: number, { finished, ...progress }: JobProgress) => {
  if (finished) appendResult(file, { version, backend, dataset, seed, ...finished });
  display.update(seed, progress);
};
await orExit(() => runAll(jobs, options.workers, run, onProgress).finally(display.stop));

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
writeWhole(report, page);
console.log(`${seeds.length} seed(s) on ${backend}; written: ${file}, ${report}`);
