import { type Metric, type SummaryRow, summaryTable } from "../common/summary.ts";
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

const teacherMetrics: readonly Metric<TeacherResult>[] = [
  { name: "Teacher: accuracy, %", digits: 2, of: ({ accuracy }) => 100 * accuracy },
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
