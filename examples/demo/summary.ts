import Table from "cli-table3";
import { type Estimate, estimateOf, format, pairedDifference } from "../common/statistics.ts";
import type { Recipe } from "./recipe.ts";
import { type SeedResult, TEACHERS, type TeacherName, type TeacherResult } from "./seed.ts";

/** A number that each teacher has for each seed. */
export interface Metric {
  name: string;
  digits: number;
  of: (teacher: TeacherResult) => number;
}

/** What each student gets right, in %. */
export function studentMetrics(recipe: Recipe, classNames: readonly string[]): Metric[] {
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

export const teacherMetrics: readonly Metric[] = [
  { name: "Teacher: accuracy, %", digits: 2, of: ({ accuracy }) => 100 * accuracy },
  { name: "Teacher: cross-entropy, nats", digits: 4, of: ({ crossEntropy }) => crossEntropy },
  { name: "Teacher: CMI of the training images, nats", digits: 4, of: ({ cmi }) => cmi },
  { name: "Teacher: normalised CMI (CMI/Γ)", digits: 5, of: ({ normalizedCmi }) => normalizedCmi },
];

/** One row a metric: the three teachers' means, and MCMI − control, paired by seed. */
export interface SummaryRow {
  name: string;
  digits: number;
  teachers: Record<TeacherName, Estimate>;
  gain: Estimate;
}

export function summarize(
  results: readonly SeedResult[],
  recipe: Recipe,
  classNames: readonly string[],
): SummaryRow[] {
  return [...teacherMetrics, ...studentMetrics(recipe, classNames)].map(({ name, digits, of }) => {
    const values = (teacher: TeacherName) => results.map(({ teachers }) => of(teachers[teacher]));
    const estimates = TEACHERS.map((teacher) => [teacher, estimateOf(values(teacher))]);
    return {
      name,
      digits,
      teachers: Object.fromEntries(estimates) as Record<TeacherName, Estimate>,
      gain: pairedDifference(values("MCMI"), values("control")),
    };
  });
}

export const HEADINGS = ["", ...TEACHERS, "MCMI − control"];

/** The cells of a row as text, in the order of `HEADINGS`. */
export const cells = ({ name, digits, teachers, gain }: SummaryRow): string[] => [
  name,
  ...TEACHERS.map((teacher) => format(teachers[teacher], digits)),
  format(gain, digits, true),
];

export function printTable(rows: readonly SummaryRow[]): string {
  const table = new Table({
    head: HEADINGS,
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  table.push(...rows.map(cells));
  return table.toString();
}
