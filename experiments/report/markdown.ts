import type { Chart, Section } from "./section.ts";

/** Where the picture of a chart lies, as seen from the text. */
export type Pictures = ReadonlyMap<Chart, string>;

/**
 * The same sections give the same text.
 *
 * @param level Of the sections' headings, 1–6.
 * @param pictures Charts that are not among them are left out.
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
    ...(table ? [tableOf(table.head, table.rows)] : []),
    ...charts.flatMap((chart) => {
      const link = pictures.get(chart);
      return link === undefined ? [] : [`![${plain(chart.title, MARKUP_IN_LINKS)}](${link})`];
    }),
  ];
}

/** The first column to the left, the others, which are numbers, to the right. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => plain(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `| ${head.map((_, i) => (i === 0 ? ":--" : "--:")).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

const MARKUP = /[\\`*_~<]|\](?=[([:])/g; // a bracket only where it would make a link
const MARKUP_IN_LINKS = /[\\`*_~<[\]]/g;

/** One line of plain text, none of which Markdown takes for markup. */
const plain = (text: string, markup = MARKUP): string =>
  text
    .replace(/\s+/g, " ")
    .trim()
    .replace(markup, "\\$&")
    .replace(/^(\d*)([#+.)-]+(?=\s)|>)/, "$1\\$2");
