import { sum } from "d3-array";
import { drawBars } from "../charts/bars.ts";
import type { LineSeries } from "../charts/chart.ts";
import { colorsOf, TEN_COLORS } from "../charts/colors.ts";
import { drawConfusions } from "../charts/confusions.ts";
import { drawLinePanels } from "../charts/lines.ts";
import { cornersOf, type Point, project } from "../charts/simplex.ts";
import { svg } from "../charts/svg.ts";
import { estimateOf } from "../common/statistics.ts";
import { range } from "../data/order.ts";
import { type Recipe, TEACHERS, type TeacherName } from "./recipe.ts";
import type { EpochReport, SeedResult } from "./run-demo.ts";
import { drawSimplices } from "./simplex.ts";
import { studentMetrics } from "./summary.ts";

/** CMI of training images on a logarithmic axis and validation accuracy, after each epoch. */
export function drawHistory(results: readonly SeedResult[], recipe: Recipe): string {
  const series = (of: (report: EpochReport) => number): LineSeries[] =>
    TEACHERS.map((name) => ({ name, points: historyOf(name, results, recipe, of) }));
  const x = { name: "epoch" };
  return drawLinePanels("Teachers after each epoch", [
    { x, y: { name: "CMI of training images, nats", log: true }, series: series(({ cmi }) => cmi) },
    {
      x,
      y: { name: "accuracy on validation images, %" },
      series: series(({ accuracy }) => 100 * accuracy),
    },
  ]);
}

/** The histories of the fine-tuned teachers start where that of the CE teacher ends. */
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

/** Accuracy of the students of each teacher, with standard errors if there are several seeds. */
export function drawStudents(
  results: readonly SeedResult[],
  recipe: Recipe,
  classNames: readonly string[],
): string {
  const metrics = studentMetrics(recipe, classNames);
  return drawBars({
    kind: "bars",
    id: "students",
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

/** Confusion matrices of the students that never saw a class, summed over all seeds. */
export function drawZeroShot(
  results: readonly SeedResult[],
  place: number,
  classNames: readonly string[],
): string {
  const classes = range(classNames.length);
  const { removed } = results[0]!.teachers.CE.zeroShot[place]!;
  return drawConfusions({
    kind: "confusions",
    id: `confusion-${removed}`,
    title: `Students that never saw ${classNames[removed]}, by teacher`,
    classNames,
    matrices: TEACHERS.map((name) => {
      const seeds = results.map(({ teachers }) => teachers[name].zeroShot[place]!.confusion);
      const total = (row: number, column: number) => sum(seeds, (seed) => seed[row]![column]!);
      return { name, counts: classes.map((row) => classes.map((column) => total(row, column))) };
    }),
  });
}

const CLUSTER_TEACHERS = ["control", "MCMI"] as const;
const SIDE = 440;

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
  const corners = cornersOf(count);
  const colors = colorsOf(CLUSTER_TEACHERS);
  const axis = { type: "value" as const, min: -1.2, max: 1.2, show: false };
  const pointsOf = (teacher: TeacherName, label: number) =>
    sampleLabels.flatMap((y, image) => {
      const { sampleLogits } = teachers[teacher];
      const logits = sampleLogits.slice(image * count, (image + 1) * count);
      return y === label ? [[...project(logits, temperature, corners)]] : [];
    });
  return svg(2 * SIDE, SIDE + 30, {
    title: CLUSTER_TEACHERS.map((teacher, i) => ({
      text: `${teacher} teacher, T = ${temperature}`,
      left: i * SIDE + SIDE / 2,
      textAlign: "center" as const,
      textStyle: { fontSize: 13, color: colors.get(teacher)! },
    })),
    grid: CLUSTER_TEACHERS.map((_, i) => ({
      left: i * SIDE + 10,
      top: 30,
      width: SIDE - 20,
      height: SIDE - 20,
    })),
    xAxis: CLUSTER_TEACHERS.map((_, gridIndex) => ({ ...axis, gridIndex })),
    yAxis: CLUSTER_TEACHERS.map((_, gridIndex) => ({ ...axis, gridIndex })),
    series: CLUSTER_TEACHERS.flatMap((teacher, i) => {
      const axes = { xAxisIndex: i, yAxisIndex: i };
      return [
        { ...outlineOf(corners), ...axes },
        ...range(count).map((label) => ({
          type: "scatter" as const,
          ...axes,
          symbolSize: 4,
          itemStyle: { color: TEN_COLORS[label]!, opacity: 0.7 },
          data: pointsOf(teacher, label),
        })),
        { ...namesOf(corners, classNames), ...axes },
      ];
    }),
  });
}

const outlineOf = (corners: readonly Point[]) => ({
  type: "line" as const,
  data: [...corners, corners[0]!].map((corner) => [...corner]),
  symbol: "none",
  lineStyle: { color: "#ccc", width: 1 },
});

const namesOf = (corners: readonly Point[], classNames: readonly string[]) => ({
  type: "scatter" as const,
  symbolSize: 0.1,
  data: corners.map(([x, y]) => [1.12 * x, 1.12 * y]),
  label: {
    show: true,
    position: "inside" as const,
    color: "#333",
    formatter: ({ dataIndex }: { dataIndex: number }) => classNames[dataIndex]!,
  },
});

/** The outputs of the CE and of the MCMI teacher side by side. */
export const drawTeachers = (
  { teachers, sampleLabels }: SeedResult,
  classNames: readonly string[],
): string =>
  drawSimplices(
    (["CE", "MCMI"] as const).map((name) => ({
      caption: `${name} teacher, CMI ${teachers[name].cmi.toFixed(3)} nats`,
      logits: teachers[name].sampleLogits,
    })),
    sampleLabels,
    classNames,
  );
