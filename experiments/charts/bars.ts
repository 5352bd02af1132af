import type { BarChart } from "./chart.ts";
import { colorsOf } from "./colors.ts";
import { headerOf, MARGIN_OF_ERROR } from "./header.ts";
import { svg } from "./svg.ts";
import { plainNumber, widest } from "./text.ts";
import { hasErrors, whiskersOf } from "./whiskers.ts";

const WIDTH = 900;
const LEFT = 50;
const PLOT = WIDTH - LEFT - 30;
const PLOT_HEIGHT = 260;
const LABELLED = 48;

/** Groups of bars, each labelled with its value if there is room. */
export function drawBars({ title, y, categories, series }: BarChart): string {
  const names = series.map(({ name }) => name);
  const colors = colorsOf(names);
  const header = headerOf(
    title,
    hasErrors(series.flatMap(({ values }) => values)) ? MARGIN_OF_ERROR : "",
    names,
    WIDTH,
  );
  const top = header.height + (y.name === "" ? 14 : 30);
  const group = PLOT / categories.length;
  const layout = { barGap: "10%", barCategoryGap: "20%" };
  const labelled = (0.8 * group) / (1.1 * series.length) >= LABELLED;
  const labels = labelsOf(categories, group);
  return svg(WIDTH, top + PLOT_HEIGHT + labels.height, {
    ...header,
    grid: { left: LEFT, width: PLOT, top, height: PLOT_HEIGHT },
    xAxis: {
      type: "category",
      data: [...categories],
      axisLabel: labels.option,
      axisLine: { onZero: false }, // keeps the names below negative bars
      axisTick: { show: false },
    },
    yAxis: { type: "value", name: y.name, nameTextStyle: { align: "left" } },
    series: [
      ...series.map(({ name, values }) => ({
        name,
        type: "bar" as const,
        color: colors.get(name)!,
        ...layout,
        label: {
          show: labelled,
          position: "inside" as const,
          fontSize: 11,
          formatter: ({ value }: { value: unknown }) => plainNumber(value as number),
        },
        data: values.map(({ mean }) => mean),
      })),
      ...series.map(({ name, values }, place) => ({
        name,
        ...whiskersOf(values, [...values.keys()], "#111", (api) => {
          const bars = api.barLayout({ count: series.length, ...layout });
          return bars?.[place]?.offsetCenter ?? 0;
        }),
      })),
    ],
  });
}

/** The names of the groups, slanted if a group is narrower than its name. */
function labelsOf(categories: readonly string[], room: number) {
  const needed = widest(categories);
  const slanted = needed > room - 8;
  return {
    option: { interval: 0, rotate: slanted ? 45 : 0 },
    height: slanted ? 24 + needed * Math.SQRT1_2 : 40,
  };
}
