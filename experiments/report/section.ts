import type { Chart } from "../charts/chart.ts";

export type {
  BarChart,
  Chart,
  ConfusionChart,
  ForestChart,
  ForestGroup,
  LineChart,
} from "../charts/chart.ts";

export interface Table {
  /** λ, T, images and steps of its runs. */
  settings?: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A part of an experiment's results, independent of the format of the report. */
export interface Section {
  title: string;
  /** Paragraphs of plain text. */
  text: readonly string[];
  table?: Table;
  charts: readonly Chart[];
  /** What the section shows, in a sentence, for the beginning of an experiment's page. */
  conclusion?: string;
}
