import type { Estimate, Interval } from "../common/statistics.ts";

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

/** Differences with their 95 % confidence intervals, a row each, and 0 as a vertical line. */
export interface ForestChart extends Titled {
  kind: "forest";
  /** Each has an axis of its own. */
  groups: readonly ForestGroup[];
}

export interface ForestGroup {
  /** Quantity and unit. */
  name: string;
  /** What lies farther from 0 is cut, with an arrow in its place. */
  within?: number;
  rows: readonly ForestRow[];
}

export interface ForestRow {
  label: string;
  /** Has a colour, and a name in the legend. */
  series: string;
  gain: Interval;
  digits: number;
}

export type Chart = LineChart | BarChart | ConfusionChart | ForestChart;
