import * as echarts from "echarts";
import { type Estimate, estimateOf } from "../common/statistics.ts";
import type { Metric } from "../common/summary.ts";
import type { EpochReport } from "../common/teacher.ts";
import { range } from "../data/order.ts";
import type { Recipe } from "./recipe.ts";
import { type SeedResult, TEACHERS, type TeacherName, type TeacherResult } from "./seed.ts";
import { studentMetrics } from "./summary.ts";

const COLORS: Record<TeacherName, string> = {
  CE: "#8a8f98",
  control: "#2f6db5",
  MCMI: "#d9480f",
};
/** Ten colours that stay apart, Tableau's. */
const CLASS_COLORS = [
  "#4e79a7",
  "#f28e2b",
  "#e15759",
  "#76b7b2",
  "#59a14f",
  "#edc948",
  "#b07aa1",
  "#ff9da7",
  "#9c755f",
  "#bab0ac",
];

function svg(width: number, height: number, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#fff", ...option });
  const picture = chart.renderToSVGString();
  chart.dispose();
  return picture;
}

const title = (text: string) => ({ text, left: "center", top: 0, textStyle: { fontSize: 14 } });

/** CMI of training images, on a logarithmic axis, and validation accuracy after each epoch. */
export function drawHistory(results: readonly SeedResult[], recipe: Recipe): string {
  const series = (of: (report: EpochReport) => number, axis: number) =>
    TEACHERS.map((teacher) => {
      const histories = results.map(({ teachers }) => teachers[teacher].history);
      const points = histories[0]!
        .map(({ epoch }, i) => [epoch, estimateOf(histories.map((h) => of(h[i]!))).mean])
        .slice(1)
        .filter(([epoch]) => teacher === "CE" || epoch! >= recipe.teacher.epochs);
      return {
        name: teacher,
        type: "line" as const,
        data: points,
        xAxisIndex: axis,
        yAxisIndex: axis,
        symbolSize: 4,
        color: COLORS[teacher],
      };
    });
  const grid = (left: string) => ({ left, width: "38%", top: 80, bottom: 60 });
  const xAxis = (gridIndex: number) => ({
    gridIndex,
    type: "value" as const,
    name: "epoch",
    nameLocation: "middle" as const,
    nameGap: 25,
    minInterval: 1,
    max: recipe.teacher.epochs + recipe.fineTuning.epochs,
  });
  const named = { nameTextStyle: { align: "left" as const } };
  return svg(900, 360, {
    title: title("The teachers after each epoch"),
    legend: { top: 26, data: [...TEACHERS] },
    grid: [grid("8%"), grid("57%")],
    xAxis: [xAxis(0), xAxis(1)],
    yAxis: [
      {
        gridIndex: 0,
        type: "log",
        axisLabel: { formatter: (x: number) => String(Number(x.toPrecision(3))) },
        name: "CMI of training images, nats",
        ...named,
      },
      {
        gridIndex: 1,
        type: "value",
        name: "accuracy on validation images, %",
        scale: true,
        ...named,
      },
    ],
    series: [...series(({ cmi }) => cmi, 0), ...series(({ accuracy }) => 100 * accuracy, 1)],
  });
}

/** Accuracy of the students of each teacher, with standard errors where there are several seeds. */
export function drawStudents(
  results: readonly SeedResult[],
  recipe: Recipe,
  classNames: readonly string[],
): string {
  const metrics = studentMetrics(recipe, classNames);
  const estimates = (teacher: TeacherName): Estimate[] =>
    metrics.map(({ of }: Metric<TeacherResult>) =>
      estimateOf(results.map(({ teachers }) => of(teachers[teacher]))),
    );
  const names = [
    ...recipe.shares.map((share) => `${100 * share} % of the images`),
    ...recipe.removed.map((removed) => `the removed class: ${classNames[removed]}`),
  ];
  const bars = TEACHERS.map((teacher) => ({
    name: teacher,
    type: "bar" as const,
    color: COLORS[teacher],
    label: { show: true, position: "inside" as const, fontSize: 11, formatter: "{c}" },
    data: estimates(teacher).map(({ mean }) => Number(mean.toFixed(1))),
  }));
  const whiskers = TEACHERS.map((teacher, place) => ({
    name: teacher,
    type: "custom" as const,
    data: estimates(teacher).flatMap(({ mean, error }, i) =>
      error === undefined ? [] : [[i, mean - error, mean + error]],
    ),
    encode: { x: 0, y: [1, 2] },
    z: 10,
    renderItem: drawWhisker(place),
  }));
  return svg(900, 360, {
    title: title(`The students' accuracy on the ${recipe.evaluate} images, %`),
    legend: { top: 26, data: [...TEACHERS] },
    grid: { left: 50, right: 30, top: 60, bottom: 40 },
    xAxis: { type: "category", data: names },
    yAxis: { type: "value", max: 100 },
    series: [...bars, ...whiskers],
  });
}

/** A vertical line from mean − error to mean + error, over the bar at this place of its group. */
function drawWhisker(place: number): NonNullable<echarts.CustomSeriesOption["renderItem"]> {
  return (_, api) => {
    const layouts = api.barLayout({ count: TEACHERS.length, barGap: "30%", barCategoryGap: "20%" });
    const shift = layouts?.[place]?.offsetCenter ?? 0;
    const [x, bottom] = api.coord([api.value(0), api.value(1)]) as [number, number];
    const [, top] = api.coord([api.value(0), api.value(2)]) as [number, number];
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1: x1 + shift, y1, x2: x2 + shift, y2 },
      style: { stroke: "#111", lineWidth: 1.5 },
    });
    return {
      type: "group",
      children: [
        line(x, bottom, x, top),
        line(x - 4, bottom, x + 4, bottom),
        line(x - 4, top, x + 4, top),
      ],
    };
  };
}

/** What the students say who never saw a class: rows true, columns predicted, % of the row. */
export function drawConfusions(
  results: readonly SeedResult[],
  place: number,
  classNames: readonly string[],
): string {
  const removed = results[0]!.teachers.CE.zeroShot[place]!.removed;
  const width = 1080;
  const size = width / TEACHERS.length;
  const cells = (teacher: TeacherName) => {
    const counts = results.map(({ teachers }) => teachers[teacher].zeroShot[place]!.confusion);
    return range(classNames.length).flatMap((row) => {
      const sums = range(classNames.length).map((column) =>
        counts.reduce((sum, confusion) => sum + confusion[row]![column]!, 0),
      );
      const total = sums.reduce((a, b) => a + b);
      return sums.map((sum, column) => [column, row, Math.round((100 * sum) / total)]);
    });
  };
  const axis = (gridIndex: number) => ({
    gridIndex,
    type: "category" as const,
    data: [...classNames],
    axisLabel: { interval: 0, fontSize: 9 },
    axisTick: { show: false },
  });
  return svg(width, size + 40, {
    title: [
      title(
        `Students that never saw ${classNames[removed]}: true class (rows), prediction (columns), %`,
      ),
      ...TEACHERS.map((teacher, i) => ({
        text: `student of ${teacher}`,
        left: i * size + size / 2,
        top: 26,
        textAlign: "center" as const,
        textStyle: { fontSize: 12, color: COLORS[teacher] },
      })),
    ],
    grid: TEACHERS.map((_, i) => ({
      left: i * size + 62,
      top: 52,
      width: size - 72,
      height: size - 72,
    })),
    xAxis: TEACHERS.map((_, i) => ({
      ...axis(i),
      axisLabel: { interval: 0, fontSize: 9, rotate: classNames[0]!.length > 2 ? 60 : 0 },
    })),
    yAxis: TEACHERS.map((_, i) => ({ ...axis(i), inverse: true })),
    visualMap: {
      show: false,
      min: 0,
      max: 100,
      dimension: 2,
      inRange: { color: ["#f7fbff", "#6baed6", "#08306b"] },
    },
    series: TEACHERS.map((teacher, i) => ({
      type: "heatmap" as const,
      xAxisIndex: i,
      yAxisIndex: i,
      data: cells(teacher),
      label: {
        show: true,
        fontSize: 8,
        formatter: ({ value }: { value: unknown }) => {
          const percent = (value as number[])[2]!;
          return percent > 0 ? String(percent) : "";
        },
      },
      itemStyle: { borderColor: "#fff", borderWidth: 0.5 },
    })),
  });
}

/**
 * The probability simplex of ten classes projected to the plane: class c is a corner of a decagon,
 * and an image is the mean of the corners weighted by its probabilities.
 */
export function drawClusters(
  { teachers, sampleLabels }: SeedResult,
  temperature: number,
  classNames: readonly string[],
): string {
  const count = classNames.length;
  const corners = range(count).map((c) => {
    const angle = (2 * Math.PI * c) / count + Math.PI / 2;
    return [Math.cos(angle), Math.sin(angle)] as const;
  });
  const place = (logits: readonly number[]) => {
    const max = Math.max(...logits);
    const weights = logits.map((z) => Math.exp((z - max) / temperature));
    const total = weights.reduce((a, b) => a + b);
    const along = (axis: 0 | 1) =>
      weights.reduce((sum, w, c) => sum + (w / total) * corners[c]![axis], 0);
    return [along(0), along(1)];
  };
  const shown = ["control", "MCMI"] as const;
  const side = 440;
  const axis = { type: "value" as const, min: -1.2, max: 1.2, show: false };
  return svg(2 * side, side + 30, {
    title: shown.map((teacher, i) => ({
      text: `${teacher} teacher, T = ${temperature}`,
      left: i * side + side / 2,
      textAlign: "center" as const,
      textStyle: { fontSize: 13, color: COLORS[teacher] },
    })),
    grid: shown.map((_, i) => ({
      left: i * side + 10,
      top: 30,
      width: side - 20,
      height: side - 20,
    })),
    xAxis: shown.map((_, gridIndex) => ({ ...axis, gridIndex })),
    yAxis: shown.map((_, gridIndex) => ({ ...axis, gridIndex })),
    series: shown.flatMap((teacher, i) => [
      {
        type: "line" as const,
        xAxisIndex: i,
        yAxisIndex: i,
        data: [...corners, corners[0]!].map((corner) => [...corner]),
        symbol: "none",
        lineStyle: { color: "#ccc", width: 1 },
      },
      ...range(count).map((label) => ({
        type: "scatter" as const,
        xAxisIndex: i,
        yAxisIndex: i,
        symbolSize: 4,
        itemStyle: { color: CLASS_COLORS[label]!, opacity: 0.7 },
        data: sampleLabels.flatMap((y, image) =>
          y === label
            ? [place(teachers[teacher].sampleLogits.slice(image * count, (image + 1) * count))]
            : [],
        ),
      })),
      {
        type: "scatter" as const,
        xAxisIndex: i,
        yAxisIndex: i,
        symbolSize: 0.1,
        data: corners.map(([x, y]) => [1.12 * x, 1.12 * y]),
        label: {
          show: true,
          position: "inside" as const,
          color: "#333",
          formatter: ({ dataIndex }: { dataIndex: number }) => classNames[dataIndex]!,
        },
      },
    ]),
  });
}
