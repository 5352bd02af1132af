import {
  cellsOf,
  headingsOf,
  type Metric,
  printRows,
  type SummaryRow,
  summarizeTeachers,
} from "../common/summary.ts";
import type { Recipe } from "./recipe.ts";
import { type SeedResult, TEACHERS, type TeacherName, type TeacherResult } from "./seed.ts";

/** What each student gets right, in %. */
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

export const teacherMetrics: readonly Metric<TeacherResult>[] = [
  { name: "Teacher: accuracy, %", digits: 2, of: ({ accuracy }) => 100 * accuracy },
  { name: "Teacher: cross-entropy, nats", digits: 4, of: ({ crossEntropy }) => crossEntropy },
  { name: "Teacher: CMI of the training images, nats", digits: 4, of: ({ cmi }) => cmi },
  { name: "Teacher: normalised CMI (CMI/Γ)", digits: 5, of: ({ normalizedCmi }) => normalizedCmi },
];

export type DemoRow = SummaryRow<TeacherName>;

export const summarize = (
  results: readonly SeedResult[],
  recipe: Recipe,
  classNames: readonly string[],
): DemoRow[] =>
  summarizeTeachers([...teacherMetrics, ...studentMetrics(recipe, classNames)], TEACHERS, results);

export const HEADINGS = headingsOf(TEACHERS);
export const cells = (row: DemoRow) => cellsOf(row, TEACHERS);
export const printTable = (rows: readonly DemoRow[]) => printRows(HEADINGS, rows.map(cells));
