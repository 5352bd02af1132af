import { drawBars } from "./bars.ts";
import type { Chart } from "./chart.ts";
import { drawConfusions } from "./confusions.ts";
import { drawForest } from "./forest.ts";
import { drawLines } from "./lines.ts";

/** Draws a chart as SVG. */
export function drawChart(chart: Chart): string {
  switch (chart.kind) {
    case "lines":
      return drawLines(chart);
    case "bars":
      return drawBars(chart);
    case "confusions":
      return drawConfusions(chart);
    case "forest":
      return drawForest(chart);
  }
}
