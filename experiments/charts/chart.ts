import type { Estimate } from "../common/statistics.ts";

/** A logarithmic axis shows only values above 0. */
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

interface Titled {
  /** Short name of the file, unique within a study: lower-case letters, digits and hyphens. */
  id: string;
  title: string;
}

export interface LineChart extends LinePanel, Titled {
  kind: "lines";
}

export interface BarChart extends Titled {
  kind: "bars";
  y: { name: string };
  categories: readonly string[];
  /** One value for each category. */
  series: readonly { name: string; values: readonly Estimate[] }[];
}

export interface ConfusionChart extends Titled {
  kind: "confusions";
  classNames: readonly string[];
  /** Rows: true class; columns: predicted class. */
  matrices: readonly { name: string; counts: readonly (readonly number[])[] }[];
}

export type Chart = LineChart | BarChart | ConfusionChart;
