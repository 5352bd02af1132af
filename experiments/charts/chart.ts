import type { Estimate } from "../common/statistics.ts";

/** On a logarithmic axis only what is above 0 has a place. */
export interface Axis {
  name: string;
  log?: boolean;
}

export interface LineSeries {
  name: string;
  points: readonly { x: number; estimate: Estimate }[];
}

export interface LinePanel {
  x: Axis;
  y: Axis;
  series: readonly LineSeries[];
}

export interface LineChart extends LinePanel {
  kind: "lines";
  title: string;
}

export interface BarChart {
  kind: "bars";
  title: string;
  y: { name: string };
  categories: readonly string[];
  /** A value per category. */
  series: readonly { name: string; values: readonly Estimate[] }[];
}

export interface ConfusionChart {
  kind: "confusions";
  title: string;
  classNames: readonly string[];
  /** Rows: true class; columns: predicted class. */
  matrices: readonly { name: string; counts: readonly (readonly number[])[] }[];
}

export type Chart = LineChart | BarChart | ConfusionChart;
