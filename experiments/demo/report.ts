import { join } from "node:path";
import { writeWhole } from "../common/files.ts";
import { htmlPage, htmlSvg, htmlTable, toHtml } from "../common/html.ts";
import { countOf } from "../common/text.ts";
import type { Dataset } from "../data/images.ts";
import { drawClusters, drawHistory, drawStudents, drawTeachers, drawZeroShot } from "./charts.ts";
import type { DemoOptions } from "./options.ts";
import type { SeedResult } from "./run-demo.ts";
import { conclusionOf, type DemoRow, demoTable } from "./summary.ts";

export interface Report {
  options: DemoOptions;
  data: Dataset;
  results: readonly SeedResult[];
  rows: readonly DemoRow[];
  seconds: number;
}

/**
 * Writes report.html, results.json and the charts, each file completely or not at all.
 *
 * @returns The path of the report.
 */
export async function writeReport(report: Report): Promise<string> {
  const { options, results } = report;
  const charts = chartsOf(report);
  for (const [name, chart] of Object.entries(charts)) {
    await writeWhole(join(options.out, `${name}.svg`), chart);
  }
  await writeWhole(join(options.out, "results.json"), `${JSON.stringify({ options, results })}\n`);
  const path = join(options.out, "report.html");
  await writeWhole(path, page(report, charts));
  return path;
}

/** The charts as SVG, by name. */
function chartsOf({ options, data, results }: Report): Record<string, string> {
  const { recipe } = options;
  const { classNames } = data;
  const clusters = (temperature: number) => drawClusters(results[0]!, temperature, classNames);
  return {
    students: drawStudents(results, recipe, classNames),
    history: drawHistory(results, recipe),
    teachers: drawTeachers(results[0]!, classNames),
    "clusters-1": clusters(1),
    [`clusters-${recipe.temperature}`]: clusters(recipe.temperature),
    ...Object.fromEntries(
      recipe.removed.map((removed, i) => [
        `confusion-${removed}`,
        drawZeroShot(results, i, classNames),
      ]),
    ),
  };
}

function page({ options, data, results, rows, seconds }: Report, charts: Record<string, string>) {
  const { recipe, backend } = options;
  const figure = (name: string, caption: string) =>
    `<figure>${htmlSvg(charts[name]!, caption)}<figcaption>${toHtml(caption)}</figcaption></figure>`;
  const text = `${countOf(results.length, "seed")} on ${backend}, ${seconds} s. Accuracies are measured on the
${recipe.evaluate} images of ${data.name}; mean ± standard error. Each seed draws ${recipe.trainImages} training images. The CE
teacher is trained with cross-entropy for ${recipe.teacher.epochs} epochs. Control and MCMI continue it for
${recipe.fineTuning.epochs} epochs with λ = 0 and λ = ${recipe.lambda}. All students of a seed start from the same weights, see the
same batches and minimise ${recipe.alpha} · kdLoss (T = ${recipe.temperature}) + ${(1 - recipe.alpha).toFixed(1)} · cross-entropy.
The last two columns are the means of the differences within each seed.`;
  const [summary, ...verdicts] = conclusionOf(rows);
  return htmlPage(
    `kd-cmi: ${data.name}`,
    `<h1>Maximum conditional mutual information and teachers of ${toHtml(data.name)}</h1>
<p><strong>${toHtml(summary!)}</strong></p>
<ul>
${verdicts.map((line) => `<li>${toHtml(line)}</li>`).join("\n")}
</ul>
<p>${toHtml(text)}</p>
${htmlTable(demoTable.headings, rows.map(demoTable.cells))}
${figure("students", "Students that differ only in their teacher.")}
${recipe.removed.map((removed) => figure(`confusion-${removed}`, `All seeds together. The students never saw the class of row ${data.classNames[removed]}.`)).join("\n")}
${figure("history", "Means over seeds. The control and the MCMI teacher continue the CE teacher.")}
${figure("clusters-1", `Outputs for ${results[0]!.sampleLabels.length} training images of seed ${results[0]!.seed}, coloured by true class: the simplex projected to a decagon.`)}
${figure(`clusters-${recipe.temperature}`, "The same outputs softened by the temperature, as the students see them.")}
`,
  );
}
