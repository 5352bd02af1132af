import type { Chart } from "../charts/chart.ts";

export type { BarChart, Chart, ConfusionChart, LineChart } from "../charts/chart.ts";

/** A part of an experiment's results, independent of the format of the report. */
export interface Section {
  title: string;
  /** Paragraphs of plain text. */
  text: readonly string[];
  table?: { head: readonly string[]; rows: readonly (readonly string[])[] };
  charts: readonly Chart[];
  /** What the section shows, in a sentence, for the beginning of an experiment's page. */
  conclusion?: string;
}
