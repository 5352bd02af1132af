import { dirname, join, posix } from "node:path";
import { drawChart } from "../charts/draw.ts";
import { writeWhole } from "../common/files.ts";
import type { Pictures } from "./markdown.ts";
import type { Chart, Section } from "./section.ts";

/**
 * Writes each chart to `<folder>/<slug>.svg`.
 *
 * @param document The path of the text that is to show them.
 * @param folder Below the document's own, with slashes: `images/reproduction`.
 * @returns The links from the document.
 */
export function writePictures(
  sections: readonly Section[],
  document: string,
  folder: string,
): Pictures {
  const links = new Map<Chart, string>();
  const taken = new Set<string>();
  for (const { title, charts } of sections) {
    for (const chart of charts) {
      const name = freeName(slugOf(`${title} ${chart.title}`), taken);
      taken.add(name);
      const link = posix.join(folder, `${name}.svg`);
      writeWhole(join(dirname(document), link), drawChart(chart));
      links.set(chart, link);
    }
  }
  return links;
}

/** Lower-case letters, digits and hyphens, which no file system or link minds. */
export const slugOf = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

function freeName(slug: string, taken: ReadonlySet<string>): string {
  let name = slug;
  for (let i = 2; taken.has(name); i++) name = `${slug}-${i}`;
  return name;
}
