import { join } from "node:path";
import { writeWhole } from "../common/files.ts";
import { htmlPage, htmlSvg, htmlTable, toHtml } from "../common/html.ts";
import type { Dataset } from "../data/images.ts";
import { drawClusters, drawHistory, drawStudents, drawZeroShot } from "./charts.ts";
import type { DemoOptions } from "./options.ts";
import type { SeedResult } from "./seed.ts";
import { cells, type DemoRow, HEADINGS } from "./summary.ts";

export interface Report {
  options: DemoOptions;
  data: Dataset;
  results: readonly SeedResult[];
  rows: readonly DemoRow[];
  seconds: number;
}

/**
 * Writes report.html and results.json, each whole or not at all, and the pictures.
 *
 * @returns The path of the report.
 */
export function writeReport(report: Report): string {
  const { options, results, data } = report;
  const { recipe, out } = options;
  const pictures: Record<string, string> = {
    students: drawStudents(results, recipe, data.classNames),
    history: drawHistory(results, recipe),
    "clusters-1": drawClusters(results[0]!, 1, data.classNames),
    [`clusters-${recipe.temperature}`]: drawClusters(
      results[0]!,
      recipe.temperature,
      data.classNames,
    ),
  };
  for (const [place, removed] of recipe.removed.entries()) {
    pictures[`confusion-${removed}`] = drawZeroShot(results, place, data.classNames);
  }
  for (const [name, picture] of Object.entries(pictures))
    writeWhole(join(out, `${name}.svg`), picture);
  writeWhole(join(out, "results.json"), `${JSON.stringify({ options, results })}\n`);
  const path = join(out, "report.html");
  writeWhole(path, page(report, pictures));
  return path;
}

function page({ options, data, results, rows, seconds }: Report, pictures: Record<string, string>) {
  const { recipe, backend } = options;
  const figure = (name: string, caption: string) =>
    `<figure>${htmlSvg(pictures[name]!, caption)}<figcaption>${toHtml(caption)}</figcaption></figure>`;
  const text = `${results.length} seed(s) on ${backend}, ${seconds} s. Accuracies are those on ${data.name}'s
${recipe.evaluate} images; mean ± standard error. Each seed draws ${recipe.trainImages} training images. The CE teacher is trained
for ${recipe.teacher.epochs} epochs with cross-entropy; control and MCMI continue it for ${recipe.fineTuning.epochs} epochs
with λ = 0 and λ = ${recipe.lambda}. All students of a seed start from the same weights, see the same batches and learn from
${recipe.alpha} · kdLoss (T = ${recipe.temperature}) + ${(1 - recipe.alpha).toFixed(1)} · cross-entropy.
The last column is the mean of the differences within each seed.`;
  return htmlPage(
    `kd-cmi: ${data.name}`,
    `<h1>What maximum conditional mutual information does to a teacher of ${toHtml(data.name)}</h1>
<p>${toHtml(text)}</p>
${htmlTable(HEADINGS, rows.map(cells))}
${figure("students", "Students that differ in nothing but their teacher.")}
${recipe.removed.map((removed) => figure(`confusion-${removed}`, `All seeds together. Row ${data.classNames[removed]} is the class that the students never saw.`)).join("\n")}
${figure("history", "Means over seeds; the control and the MCMI teacher continue the CE teacher.")}
${figure("clusters-1", `Outputs for ${results[0]!.sampleLabels.length} training images of seed ${results[0]!.seed}, coloured by their true class: the simplex projected to a decagon.`)}
${figure(`clusters-${recipe.temperature}`, "The same outputs as the students see them, softened by the temperature.")}
`,
  );
}
