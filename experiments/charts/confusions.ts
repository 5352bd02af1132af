import { sum } from "d3-array";
import type { ConfusionChart } from "./chart.ts";
import { colorsOf } from "./colors.ts";
import { titleOf } from "./header.ts";
import { svg } from "./svg.ts";
import { widest } from "./text.ts";

const LEGIBLE_CLASSES = 20;
const FONT = 9;
const TOP = 40;
const NAME = 24;
const NOTHING = "#f7fbff";

/** Confusion matrices, up to three in a row. */
export function drawConfusions({ title, classNames, matrices }: ConfusionChart): string {
  const { isLegible, width, height, side, slanted, left, top } = layoutOf(classNames, matrices);
  const colors = colorsOf(matrices.map(({ name }) => name));
  const axis = {
    type: "category" as const,
    data: [...classNames],
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: isLegible, lineStyle: { color: "#fff", width: 0.5 } },
  };
  const axisLabel = { fontSize: FONT, ...(isLegible && { interval: 0 }) };
  return svg(width, height, {
    title: [
      titleOf(title, "rows: true class, columns: predicted class, % of the row"),
      ...matrices.map(({ name }, i) => ({
        text: name,
        left: left(i) + side / 2,
        top: top(i),
        textAlign: "center" as const,
        textStyle: { fontSize: 12, color: colors.get(name)! },
      })),
    ],
    grid: matrices.map((_, i) => ({
      left: left(i),
      top: top(i) + NAME,
      width: side,
      height: side,
      show: true,
      borderWidth: 0,
      backgroundColor: NOTHING,
    })),
    xAxis: matrices.map((_, gridIndex) => ({
      ...axis,
      gridIndex,
      axisLabel: { ...axisLabel, rotate: slanted ? 60 : 0 },
    })),
    yAxis: matrices.map((_, gridIndex) => ({ ...axis, gridIndex, axisLabel, inverse: true })),
    visualMap: {
      show: false,
      min: 0,
      max: 100,
      dimension: 2,
      inRange: { color: [NOTHING, "#6baed6", "#08306b"] },
    },
    series: matrices.map(({ counts }, i) => heatmapOf(counts, i, isLegible)),
  });
}

/** Sizes of the picture and of each matrix, and the place of each matrix. */
function layoutOf(
  classNames: ConfusionChart["classNames"],
  { length: count }: ConfusionChart["matrices"],
) {
  const isLegible = classNames.length <= LEGIBLE_CLASSES;
  const columns = Math.min(count, isLegible ? 3 : 2);
  const size = columns === 1 ? 600 : 1080 / columns;
  const margin = widest([...classNames], FONT) + 14;
  const slanted = widest([...classNames], FONT) > 12;
  const side = size - margin - 10;
  const height = NAME + side + (slanted ? margin : 24);
  return {
    isLegible,
    width: columns * size,
    height: TOP + Math.ceil(count / columns) * height,
    side,
    slanted,
    left: (i: number) => (i % columns) * size + margin,
    top: (i: number) => TOP + Math.floor(i / columns) * height,
  };
}

const heatmapOf = (counts: Counts, axis: number, isLegible: boolean) => ({
  type: "heatmap" as const,
  xAxisIndex: axis,
  yAxisIndex: axis,
  data: cellsOf(counts),
  label: {
    show: isLegible,
    fontSize: 8,
    formatter: ({ value }: { value: unknown }) => String((value as number[])[2]),
  },
  ...(isLegible && { itemStyle: { borderColor: "#fff", borderWidth: 0.5 } }),
});

type Counts = ConfusionChart["matrices"][number]["counts"];

/** [column, row, % of the row] of the cells that are not 0; with many classes most cells are. */
const cellsOf = (counts: Counts) =>
  counts.flatMap((row, y) => {
    const total = sum(row);
    return row
      .map((count, x) => [x, y, Math.round((100 * count) / total)])
      .filter(([, , percent]) => percent! > 0);
  });
