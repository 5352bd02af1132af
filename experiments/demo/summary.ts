import { type Metric, type SummaryRow, summaryTable, verdict } from "../common/summary.ts";
import { type Recipe, TEACHERS, type TeacherName } from "./recipe.ts";
import type { SeedResult, TeacherResult } from "./run-demo.ts";

/** Accuracies of the students, %. */
export function studentMetrics(
  recipe: Recipe,
  classNames: readonly string[],
): Metric<TeacherResult>[] {
  return [
    ...recipe.shares.map((share, i) => ({
      name: `Student on ${100 * share} % of the images: accuracy, %`,
      digits: 2,
      of: ({ fewShot }: TeacherResult) => 100 * fewShot[i]!,
    })),
    ...recipe.removed.map((removed, i) => ({
      name: `Student without ${classNames[removed]}: accuracy on ${classNames[removed]}, %`,
      digits: 1,
      of: ({ zeroShot }: TeacherResult) => 100 * zeroShot[i]!.accuracy,
    })),
  ];
}

const ACCURACY = "Teacher: accuracy, %";

const teacherMetrics: readonly Metric<TeacherResult>[] = [
  { name: ACCURACY, digits: 2, of: ({ accuracy }) => 100 * accuracy },
  { name: "Teacher: cross-entropy, nats", digits: 4, of: ({ crossEntropy }) => crossEntropy },
  { name: "Teacher: CMI of the training images, nats", digits: 4, of: ({ cmi }) => cmi },
  { name: "Teacher: normalised CMI (CMI/Γ)", digits: 5, of: ({ normalizedCmi }) => normalizedCmi },
];

export type DemoRow = SummaryRow<TeacherName>;

export const demoTable = summaryTable(TEACHERS);

export const summarize = (
  results: readonly SeedResult[],
  recipe: Recipe,
  classNames: readonly string[],
): DemoRow[] =>
  demoTable.summarize([...teacherMetrics, ...studentMetrics(recipe, classNames)], results);

/** What the demo shows, in words: the gains of the students and the price of the teacher. */
export function conclusionOf(rows: readonly DemoRow[]): string[] {
  const students = rows.filter(({ name }) => name.startsWith("Student"));
  const teacher = rows.find(({ name }) => name === ACCURACY)!;
  const better = students.filter(({ gain }) => gain.mean > 0).length;
  const change = teacher.gain.mean;
  return [
    `The students of the MCMI teacher are more accurate than those of the control in ${better} of ` +
      `${students.length} comparisons. The MCMI teacher itself is ${Math.abs(change).toFixed(2)} points ` +
      `${change < 0 ? "less" : "more"} accurate than the control.`,
    ...students.map(verdict),
  ];
}
