import { drawChart } from "../charts/draw.ts";
import { htmlPage, htmlSvg, htmlTable, toHtml } from "../common/html.ts";
import type { Chart, Section } from "./section.ts";

/** The self-contained page of an experiment. */
export const experimentPage = (
  title: string,
  intro: readonly string[],
  sections: readonly Section[],
): string =>
  htmlPage(
    title,
    [
      `<h1>${toHtml(title)}</h1>`,
      ...sections.flatMap(({ conclusion }) =>
        conclusion ? [`<p><strong>${toHtml(conclusion)}</strong></p>`] : [],
      ),
      ...intro.map(paragraph),
      ...sections.map(sectionOf),
    ].join("\n"),
  );

const paragraph = (text: string) => `<p>${toHtml(text)}</p>`;

const figure = (chart: Chart) => `<figure>${htmlSvg(drawChart(chart), chart.title)}</figure>`;

const sectionOf = ({ title, text, table, charts }: Section): string =>
  [
    `<h2>${toHtml(title)}</h2>`,
    ...text.map(paragraph),
    ...(table?.settings ? [paragraph(table.settings)] : []),
    ...(table ? [htmlTable(table.head, table.rows)] : []),
    ...charts.map(figure),
  ].join("\n");
