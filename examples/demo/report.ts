import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../data/images.ts";
import { drawClusters, drawConfusions, drawHistory, drawStudents } from "./charts.ts";
import type { DemoOptions } from "./options.ts";
import type { SeedResult } from "./seed.ts";
import { cells, HEADINGS, type SummaryRow } from "./summary.ts";

export interface Report {
  options: DemoOptions;
  data: Dataset;
  results: readonly SeedResult[];
  rows: readonly SummaryRow[];
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
    pictures[`confusion-${removed}`] = drawConfusions(results, place, data.classNames);
  }
  mkdirSync(out, { recursive: true });
  for (const [name, picture] of Object.entries(pictures)) write(join(out, `${name}.svg`), picture);
  write(join(out, "results.json"), `${JSON.stringify({ options, results })}\n`);
  const path = join(out, "report.html");
  write(path, page(report, pictures));
  return path;
}

/** Under another name first, so that nobody ever sees half a file. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

const toHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function page({ options, data, results, rows, seconds }: Report, pictures: Record<string, string>) {
  const { recipe, backend } = options;
  const row = (tag: string, texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${toHtml(text)}</${tag}>`).join("")}</tr>`;
  const figure = (name: string, caption: string) =>
    `<figure><img alt="${toHtml(caption)}" src="data:image/svg+xml;base64,${Buffer.from(pictures[name]!).toString("base64")}"><figcaption>${toHtml(caption)}</figcaption></figure>`;
  const text = `${results.length} seed(s) on ${backend}, ${seconds} s. Accuracies are those on ${data.name}'s
${recipe.evaluate} images; mean ± standard error. Each seed draws ${recipe.trainImages} training images. The CE teacher is trained
for ${recipe.teacher.epochs} epochs with cross-entropy; control and MCMI continue it for ${recipe.fineTuning.epochs} epochs
with λ = 0 and λ = ${recipe.lambda}. All students of a seed start from the same weights, see the same batches and learn from
${recipe.alpha} · kdLoss (T = ${recipe.temperature}) + ${(1 - recipe.alpha).toFixed(1)} · cross-entropy.
The last column is the mean of the differences within each seed.`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>kd-cmi: ${toHtml(data.name)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; } td, th { padding: .3em .8em; border-bottom: 1px solid #ddd; text-align: right; }
td:first-child, th:first-child { text-align: left; } figure { margin: 2em 0; } img { max-width: 100%; } figcaption { color: #666; }
</style>
<h1>What maximum conditional mutual information does to a teacher of ${toHtml(data.name)}</h1>
<p>${toHtml(text)}</p>
<table>
${row("th", HEADINGS)}
${rows.map((summary) => row("td", cells(summary))).join("\n")}
</table>
${figure("students", "Students that differ in nothing but their teacher. Lines: ± one standard error.")}
${recipe.removed.map((removed) => figure(`confusion-${removed}`, `All seeds together. Row ${data.classNames[removed]} is the class that the students never saw.`)).join("\n")}
${figure("history", "Means over seeds; the control and the MCMI teacher continue the CE teacher.")}
${figure("clusters-1", `Outputs for ${results[0]!.sampleLabels.length} training images of seed ${results[0]!.seed}, coloured by their true class: the simplex projected to a decagon.`)}
${figure(`clusters-${recipe.temperature}`, "The same outputs as the students see them, softened by the temperature.")}
</html>
`;
}
