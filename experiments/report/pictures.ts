import { dirname, join, posix } from "node:path";
import { drawChart } from "../charts/draw.ts";
import { writeWhole } from "../common/files.ts";
import type { Pictures } from "./markdown.ts";
import type { Chart, Section } from "./section.ts";

/**
 * Writes each chart to `<folder>/<id>.svg`.
 *
 * @param document The path of the document that links to the charts.
 * @param folder Relative to the document, with slashes: `images/reproduction`.
 * @returns The links from the document.
 * @throws If two charts have the same id.
 */
export async function writePictures(
  sections: readonly Section[],
  document: string,
  folder: string,
): Promise<Pictures> {
  const links = new Map<Chart, string>();
  const charts = sections.flatMap((section) => section.charts);
  for (const [i, chart] of charts.entries()) {
    if (charts.findIndex(({ id }) => id === chart.id) !== i) {
      throw new Error(
        `writePictures: ids of charts must be unique in ${folder}, got ${chart.id} twice`,
      );
    }
    const link = posix.join(folder, `${chart.id}.svg`);
    await writeWhole(join(dirname(document), link), drawChart(chart));
    links.set(chart, link);
  }
  return links;
}
