import { join } from "node:path";
import { writeWhole } from "../common/files.ts";
import { htmlPage, htmlTable, toHtml } from "../common/html.ts";
import type { Dataset } from "../data/images.ts";
import type { CamOptions } from "./options.ts";
import { drawMaps, drawOverlays } from "./pictures.ts";
import { type Recipe, type SeedResult, TEACHERS } from "./seed.ts";
import { type CamRow, cells, HEADINGS, verdict } from "./summary.ts";

export interface Report {
  options: CamOptions;
  recipe: Recipe;
  data: Dataset;
  results: readonly SeedResult[];
  rows: readonly CamRow[];
  seconds: number;
}

/** Writes report.html, results.json and the pictures; returns the path of the report. */
export async function writeReport(report: Report): Promise<string> {
  const { options, recipe, data, results, rows } = report;
  const { out } = options;
  const { seed, teachers } = results[0]!;
  const both = TEACHERS.map((name) => teachers[name]);
  const figures: string[] = [];
  const addFigure = (name: string, png: Buffer, caption: string) => {
    writeWhole(join(out, `${name}.png`), png);
    const source = `data:image/png;base64,${png.toString("base64")}`;
    figures.push(
      `<figure><img alt="${toHtml(caption)}" src="${source}"><figcaption>${toHtml(caption)}</figcaption></figure>`,
    );
  };
  for (const label of options.classes) {
    const name = data.classNames[label]!;
    figures.push(`<h2>${toHtml(name)}</h2>`);
    const overlays = await drawOverlays(
      data.test,
      recipe.shown[label]!,
      both.map(({ shown }) => shown[label]!),
    );
    addFigure(
      `class-${label}`,
      overlays,
      `Test images; below them the maps of ${TEACHERS.join(" and of ")}, each scaled to 0–1 (seed ${seed}).`,
    );
    const means = both.map(({ maps }) => maps.perClass[label]?.meanMap ?? []);
    addFigure(
      `mean-${label}`,
      await drawMaps(means),
      `The mean map of the class: ${TEACHERS.join(", ")}; one scale (seed ${seed}).`,
    );
  }
  writeWhole(join(out, "results.json"), `${JSON.stringify({ options, results })}\n`);
  const path = join(out, "report.html");
  writeWhole(path, page(report, rows, figures));
  return path;
}

function page(
  { options, recipe, data, results, seconds }: Report,
  rows: readonly CamRow[],
  figures: readonly string[],
): string {
  const text = `${results.length} seed(s) on ${options.backend}, ${seconds} s; ${data.test.labels.length} test images of
${data.name}. A convolutional teacher is trained for ${recipe.teacher.epochs} epochs on ${recipe.trainImages} images with
cross-entropy; control and MCMI continue it for ${recipe.fineTuning.epochs} epochs with λ = 0 and λ = ${recipe.lambda}. The maps
(${recipe.method === "eigen" ? "Eigen-CAM" : "Grad-CAM"}, 7×7) are taken as distributions over positions S. I(X;S|Y) is the mean divergence of a
map from the mean map of its class, coverage the effective share of the positions. Mean ± standard error; the last
column is the mean of the differences within each seed.`;
  const scores = rows.filter(({ name }) => name.startsWith("Maps of all classes"));
  return htmlPage(
    `kd-cmi: class-activation maps of ${data.name}`,
    `<h1>Where teachers of ${toHtml(data.name)} look, with and without maximum conditional mutual information</h1>
<p>${toHtml(text)}</p>
<ul>
${scores.map((row) => `<li>${toHtml(verdict(row))}</li>`).join("\n")}
</ul>
${htmlTable(HEADINGS, rows.map(cells))}
${figures.join("\n")}
`,
  );
}
