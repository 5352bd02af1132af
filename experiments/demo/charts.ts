import { sum } from "d3-array";
import { drawBars } from "../charts/bars.ts";
import type { LineSeries } from "../charts/chart.ts";
import { colorsOf, TEN_COLORS } from "../charts/colors.ts";
import { drawConfusions } from "../charts/confusions.ts";
import { drawLinePanels } from "../charts/lines.ts";
import { svg } from "../charts/svg.ts";
import { estimateOf } from "../common/statistics.ts";
import type { EpochReport } from "../common/teacher.ts";
import { range } from "../data/order.ts";
import type { Recipe } from "./recipe.ts";
import { type SeedResult, TEACHERS, type TeacherName } from "./seed.ts";
import { studentMetrics } from "./summary.ts";

/** CMI of training images, on a logarithmic axis, and validation accuracy after each epoch. */
export function drawHistory(results: readonly SeedResult[], recipe: Recipe): string {
  const series = (of: (report: EpochReport) => number): LineSeries[] =>
    TEACHERS.map((name) => ({ name, points: historyOf(name, results, recipe, of) }));
  const x = { name: "epoch" };
  return drawLinePanels("The teachers after each epoch", [
    { x, y: { name: "CMI of training images, nats", log: true }, series: series(({ cmi }) => cmi) },
    {
      x,
      y: { name: "accuracy on validation images, %" },
      series: series(({ accuracy }) => 100 * accuracy),
    },
  ]);
}

/** Those that continue the CE teacher begin where it ends. */
function historyOf(
  teacher: TeacherName,
  results: readonly SeedResult[],
  recipe: Recipe,
  of: (report: EpochReport) => number,
): LineSeries["points"] {
  const histories = results.map(({ teachers }) => teachers[teacher].history);
  const first = teacher === "CE" ? 1 : recipe.teacher.epochs;
  return histories[0]!
    .map(({ epoch }, i) => ({ x: epoch, estimate: estimateOf(histories.map((h) => of(h[i]!))) }))
    .filter(({ x }) => x >= first);
}

/** Accuracy of the students of each teacher, with standard errors where there are several seeds. */
export function drawStudents(
  results: readonly SeedResult[],
  recipe: Recipe,
  classNames: readonly string[],
): string {
  const metrics = studentMetrics(recipe, classNames);
  return drawBars({
    kind: "bars",
    title: `The students' accuracy on the ${recipe.evaluate} images`,
    y: { name: "%" },
    categories: [
      ...recipe.shares.map((share) => `${100 * share} % of the images`),
      ...recipe.removed.map((removed) => `the removed class: ${classNames[removed]}`),
    ],
    series: TEACHERS.map((name) => ({
      name,
      values: metrics.map(({ of }) => estimateOf(results.map((r) => of(r.teachers[name])))),
    })),
  });
}

/** What the students say who never saw a class, all seeds together. */
export function drawZeroShot(
  results: readonly SeedResult[],
  place: number,
  classNames: readonly string[],
): string {
  const classes = range(classNames.length);
  const { removed } = results[0]!.teachers.CE.zeroShot[place]!;
  return drawConfusions({
    kind: "confusions",
    title: `Students that never saw ${classNames[removed]}, by their teacher`,
    classNames,
    matrices: TEACHERS.map((name) => {
      const seeds = results.map(({ teachers }) => teachers[name].zeroShot[place]!.confusion);
      const total = (row: number, column: number) => sum(seeds, (seed) => seed[row]![column]!);
      return { name, counts: classes.map((row) => classes.map((column) => total(row, column))) };
    }),
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
  const colors = colorsOf(shown);
  const side = 440;
  const axis = { type: "value" as const, min: -1.2, max: 1.2, show: false };
  return svg(2 * side, side + 30, {
    title: shown.map((teacher, i) => ({
      text: `${teacher} teacher, T = ${temperature}`,
      left: i * side + side / 2,
      textAlign: "center" as const,
      textStyle: { fontSize: 13, color: colors.get(teacher)! },
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
        itemStyle: { color: TEN_COLORS[label]!, opacity: 0.7 },
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
