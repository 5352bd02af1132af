import type { Chart, Section } from "./section.ts";

/** The link from a document to the picture of each chart. */
export type Pictures = ReadonlyMap<Chart, string>;

/**
 * Formats sections as Markdown. The same sections give the same text.
 *
 * @param level Level of the sections' headings, 1–6.
 * @param pictures Charts without a picture are omitted.
 */
export const toMarkdown = (
  sections: readonly Section[],
  level: number,
  pictures: Pictures = new Map(),
): string =>
  sections.map((section) => `${blocksOf(section, level, pictures).join("\n\n")}\n`).join("\n");

function blocksOf({ title, text, table, charts }: Section, level: number, pictures: Pictures) {
  return [
    `${"#".repeat(level)} ${plain(title)}`,
    ...text.map((paragraph) => plain(paragraph)),
    ...(table?.settings ? [plain(table.settings)] : []),
    ...(table ? [tableOf(table.head, table.rows)] : []),
    ...charts.flatMap((chart) => {
      const link = pictures.get(chart);
      return link === undefined ? [] : [`![${plain(chart.title, MARKUP_IN_LINKS)}](${link})`];
    }),
  ];
}

/** A table with a left-aligned first column and right-aligned numbers. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => plain(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `| ${head.map((_, i) => (i === 0 ? ":--" : "--:")).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const MARKUP = /[\\`*_~<]|\](?=[([:])/g; // brackets only where they would form a link
const MARKUP_IN_LINKS = /[\\`*_~<[\]]/g;

/** Plain text in one line, with all markup escaped. */
const plain = (text: string, markup = MARKUP): string =>
  text
    .replace(/\s+/g, " ")
    .trim()
    .replace(markup, "\\$&")
    .replace(/^(\d*)([#+.)-]+(?=\s)|>)/, "$1\\$2");
