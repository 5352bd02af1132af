import { axisOf, chosenTicks, roundTicks } from "./axes.ts";
import type { LineChart, LinePanel } from "./chart.ts";
import { colorsOf } from "./colors.ts";
import { headerOf, MARGIN_OF_ERROR } from "./header.ts";
import { svg } from "./svg.ts";
import { hasErrors, whiskersOf } from "./whiskers.ts";

const WIDTH = 900;
const LEFT = 72;
const RIGHT = 36;
const PLOT_HEIGHT = 240;
const BELOW = 50;
const DASHES = ["solid", "dashed", "dotted"] as const;

export const drawLines = (chart: LineChart): string => drawLinePanels(chart.title, [chart]);

/** Panels side by side with a common legend. */
export function drawLinePanels(title: string, panels: readonly LinePanel[]): string {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  const estimates = panels.flatMap(estimatesOf);
  const header = headerOf(title, hasErrors(estimates) ? MARGIN_OF_ERROR : "", names, WIDTH);
  const top = header.height + 30;
  const width = WIDTH / panels.length;
  return svg(WIDTH, top + PLOT_HEIGHT + BELOW, {
    ...header,
    grid: panels.map((_, i) => ({
      left: i * width + LEFT,
      width: width - LEFT - RIGHT,
      top,
      height: PLOT_HEIGHT,
    })),
    xAxis: panels.map((panel, gridIndex) => ({
      ...axisOf(panel.x, placesOf(panel), chosenTicks),
      gridIndex,
      nameLocation: "middle" as const,
      nameGap: 25,
    })),
    yAxis: panels.map((panel, gridIndex) => ({
      ...axisOf(panel.y, reachOf(panel), roundTicks),
      gridIndex,
      nameTextStyle: { align: "left" as const },
    })),
    series: panels.flatMap((panel, i) => seriesOf(panel, i, names)),
  });
}

const pointsOf = ({ series }: LinePanel) => series.flatMap(({ points }) => points);
const estimatesOf = (panel: LinePanel) => pointsOf(panel).map(({ estimate }) => estimate);
const placesOf = (panel: LinePanel) => pointsOf(panel).map(({ x }) => x);
const reachOf = (panel: LinePanel) =>
  estimatesOf(panel).flatMap(({ mean, error = 0 }) => [mean - error, mean, mean + error]);

function seriesOf({ series }: LinePanel, axis: number, names: readonly string[]) {
  const colors = colorsOf(names);
  const axes = { xAxisIndex: axis, yAxisIndex: axis };
  return series.flatMap(({ name, points }) => {
    const color = colors.get(name)!;
    // Colours repeat after ten names; the second ten lines are dashed, the third ten dotted.
    const dash = DASHES[Math.floor(names.indexOf(name) / 10) % DASHES.length]!;
    const estimates = points.map(({ estimate }) => estimate);
    const places = points.map(({ x }) => x);
    return [
      {
        name,
        type: "line" as const,
        data: points.map(({ x, estimate }) => [x, estimate.mean]),
        symbolSize: 4,
        color,
        lineStyle: { type: dash },
        ...axes,
      },
      { name, ...whiskersOf(estimates, places, color, () => 0), ...axes },
    ];
  });
}
