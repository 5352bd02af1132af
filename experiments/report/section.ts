import type { Chart } from "../charts/chart.ts";

export type { BarChart, Chart, ConfusionChart, LineChart } from "../charts/chart.ts";

/** A part of what an experiment found, whatever it is shown as. */
export interface Section {
  title: string;
  /** Paragraphs of plain text. */
  text: readonly string[];
  table?: { head: readonly string[]; rows: readonly (readonly string[])[] };
  charts: readonly Chart[];
}
