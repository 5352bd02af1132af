import { join } from "node:path";
import { writeWhole } from "../common/files.ts";
import { htmlPage, htmlTable, toHtml } from "../common/html.ts";
import { verdict } from "../common/summary.ts";
import { countOf } from "../common/text.ts";
import type { Dataset } from "../data/images.ts";
import type { CamOptions } from "./options.ts";
import { drawMaps, drawOverlays } from "./pictures.ts";
import { type Recipe, type SeedResult, TEACHERS } from "./run-cam.ts";
import { type CamRow, camTable, isOfAllClasses } from "./summary.ts";

export interface Report {
  options: CamOptions;
  recipe: Recipe;
  data: Dataset;
  results: readonly SeedResult[];
  rows: readonly CamRow[];
  seconds: number;
}

/** Writes report.html, results.json and the pictures. Returns the path of the report. */
export async function writeReport(report: Report): Promise<string> {
  const { options, data, results } = report;
  const { out } = options;
  const figures: string[] = [];
  for (const label of options.classes) {
    figures.push(`<h2>${toHtml(data.classNames[label]!)}</h2>`);
    for (const { name, png, caption } of await picturesOf(report, label)) {
      await writeWhole(join(out, `${name}.png`), png);
      figures.push(figureOf(png, caption));
    }
  }
  await writeWhole(join(out, "results.json"), `${JSON.stringify({ options, results })}\n`);
  const path = join(out, "report.html");
  await writeWhole(path, page(report, figures));
  return path;
}

/** The pictures of a class. */
async function picturesOf({ recipe, data, results }: Report, label: number) {
  const { seed, teachers } = results[0]!;
  const both = TEACHERS.map((name) => teachers[name]);
  const shown = both.map((teacher) => teacher.shown[label]!);
  return [
    {
      name: `class-${label}`,
      png: await drawOverlays(data.test, recipe.shown[label]!, shown),
      caption: `Test images, and below them the maps of ${TEACHERS.join(" and of ")}, each scaled to 0–1 (seed ${seed}).`,
    },
    {
      name: `mean-${label}`,
      png: await drawMaps(both.map(({ maps }) => maps.perClass[label]?.meanMap ?? [])),
      caption: `The mean map of the class: ${TEACHERS.join(", ")}, on the same scale (seed ${seed}).`,
    },
  ];
}

function figureOf(png: Buffer, caption: string): string {
  const text = toHtml(caption);
  const source = `data:image/png;base64,${png.toString("base64")}`;
  return `<figure><img alt="${text}" src="${source}"><figcaption>${text}</figcaption></figure>`;
}

function page(
  { options, recipe, data, results, rows, seconds }: Report,
  figures: readonly string[],
): string {
  const text = `${countOf(results.length, "seed")} on ${options.backend}, ${seconds} s; ${data.test.labels.length} test images of
${data.name}. A convolutional teacher is trained with cross-entropy on ${recipe.trainImages} images for ${recipe.teacher.epochs}
epochs. Control and MCMI continue it for ${recipe.fineTuning.epochs} epochs with λ = 0 and λ = ${recipe.lambda}. The maps
(${recipe.method === "eigen" ? "Eigen-CAM" : "Grad-CAM"}, 7×7) are treated as distributions over positions S. I(X;S|Y) is the mean divergence of a
map from the mean map of its class. Coverage is the effective share of the positions. Mean ± standard error; the last
column is the mean of the differences within each seed.`;
  return htmlPage(
    `kd-cmi: class-activation maps of ${data.name}`,
    `<h1>Class-activation maps of teachers of ${toHtml(data.name)}, with and without maximum conditional mutual information</h1>
<p>${toHtml(text)}</p>
<ul>
${rows
  .filter(isOfAllClasses)
  .map((row) => `<li>${toHtml(verdict(row))}</li>`)
  .join("\n")}
</ul>
${htmlTable(camTable.headings, rows.map(camTable.cells))}
${figures.join("\n")}
`,
  );
}
