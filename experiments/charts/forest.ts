import { extent, nice, tickStep } from "d3-array";
import type { CustomSeriesOption } from "echarts";
import { formatInterval } from "../common/statistics.ts";
import type { ForestChart, ForestGroup, ForestRow } from "./chart.ts";
import { colorsOf } from "./colors.ts";
import { headerOf } from "./header.ts";
import { svg } from "./svg.ts";
import { widest } from "./text.ts";

const WIDTH = 900;
const ROW = 20;
/** Below a group: its ticks and its name. */
const BELOW = 52;
const GAP = 12;
const TICKS = 5;
const NOTE = "dots: means of paired differences, lines: 95 % CI";

type RenderItem = NonNullable<CustomSeriesOption["renderItem"]>;

/** Groups of intervals below each other, each row with its numbers on the right. */
export function drawForest({ title, groups }: ForestChart): string {
  const rows = groups.flatMap((group) => group.rows);
  const names = [...new Set(rows.map(({ series }) => series))];
  const colors = colorsOf(names);
  const header = headerOf(title, NOTE, names, WIDTH);
  const left =
    GAP +
    widest(
      rows.map(({ label }) => label),
      11,
    );
  const right = GAP + widest(rows.map(numbersOf), 11);
  const tops = groups.map((_, i) =>
    groups
      .slice(0, i)
      .reduce((sum, { rows }) => sum + rows.length * ROW + BELOW, header.height + 8),
  );
  const height = tops.at(-1)! + groups.at(-1)!.rows.length * ROW + BELOW;
  return svg(WIDTH, height, {
    ...header,
    grid: groups.map(({ rows }, i) => ({
      left,
      right,
      top: tops[i]!,
      height: rows.length * ROW,
    })),
    xAxis: groups.map((group, gridIndex) => ({
      type: "value" as const,
      gridIndex,
      name: group.name,
      nameLocation: "middle" as const,
      nameGap: 24,
      ...limitsOf(group),
      axisLine: { show: true, onZero: false },
    })),
    yAxis: groups.flatMap(({ rows }, gridIndex) => [
      labelsOf(
        gridIndex,
        "left",
        rows.map(({ label }) => label),
      ),
      labelsOf(gridIndex, "right", rows.map(numbersOf)),
    ]),
    series: groups.flatMap((group, i) => seriesOf(group, i, colors)),
  });
}

const numbersOf = ({ gain, digits }: ForestRow) => formatInterval(gain, digits);

const endsOf = ({ gain: { mean, interval } }: ForestRow) => interval ?? [mean, mean];

/** The ends of a group's axis, which always includes 0, and the distance of its ticks. */
function limitsOf({ rows, within = Number.POSITIVE_INFINITY }: ForestGroup) {
  const [low = 0, high = 0] = extent([0, ...rows.flatMap(endsOf)]);
  const [min, max] = nice(Math.max(low, -within), Math.min(high, within), TICKS);
  return { min, max, interval: tickStep(min, max, TICKS) };
}

const labelsOf = (gridIndex: number, position: "left" | "right", data: string[]) => ({
  type: "category" as const,
  gridIndex,
  position,
  data,
  inverse: true,
  axisLine: { show: false, onZero: false },
  axisTick: { show: false },
  axisLabel: { interval: 0, fontSize: 11, color: "#333" },
});

function seriesOf(group: ForestGroup, grid: number, colors: ReadonlyMap<string, string>) {
  const axes = { xAxisIndex: grid, yAxisIndex: 2 * grid };
  const { min, max } = limitsOf(group);
  return [...colors].map(([name, color], i) => ({
    type: "custom" as const,
    name,
    color,
    ...axes,
    data: group.rows.flatMap((row, place) =>
      row.series === name ? [[place, row.gain.mean, ...endsOf(row)]] : [],
    ),
    encode: { y: 0, x: [1, 2, 3] },
    renderItem: drawRow(color, min, max),
    ...(i === 0 && {
      markLine: {
        silent: true,
        symbol: "none",
        animation: false,
        lineStyle: { color: "#333", type: "solid" as const, width: 1 },
        label: { show: false },
        data: [{ xAxis: 0 }],
      },
    }),
  }));
}

/** A line from end to end with a dot at the mean. Arrows show that an end lies beyond the axis. */
function drawRow(color: string, min: number, max: number): RenderItem {
  return (_, api) => {
    const [place, mean, low, high] = [0, 1, 2, 3].map((i) => Number(api.value(i))) as [
      number,
      number,
      number,
      number,
    ];
    const at = (x: number) =>
      api.coord([Math.min(Math.max(x, min), max), place]) as [number, number];
    const [[start, y], [end], [dot]] = [at(low), at(high), at(mean)];
    const style = { stroke: color, fill: color, lineWidth: 1.5 };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1, y1, x2, y2 },
      style,
    });
    const tip = (x: number, isCut: boolean, inwards: 1 | -1) =>
      isCut
        ? {
            type: "polygon" as const,
            shape: {
              points: [
                [x, y],
                [x + inwards * 7, y - 4],
                [x + inwards * 7, y + 4],
              ],
            },
            style,
          }
        : line(x, y - 4, x, y + 4);
    const isSeen = mean >= min && mean <= max;
    return {
      type: "group",
      children: [
        line(start, y, end, y),
        tip(start, low < min, 1),
        tip(end, high > max, -1),
        ...(isSeen ? [{ type: "circle" as const, shape: { cx: dot, cy: y, r: 3.5 }, style }] : []),
      ],
    };
  };
}
