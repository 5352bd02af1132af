import Table from "cli-table3";
import { type Estimate, estimateOf, format, pairedDifference } from "../common/statistics.ts";
import { type SeedResult, TEACHERS, type TeacherName, type TeacherResult } from "./seed.ts";

/** A number that each teacher has for each seed. */
interface Metric {
  name: string;
  digits: number;
  of: (teacher: TeacherResult) => number;
}

/** Both teachers' means, and MCMI − control, paired by seed. */
export interface SummaryRow {
  name: string;
  digits: number;
  teachers: Record<TeacherName, Estimate>;
  difference: Estimate;
}

const SCORES = [
  { name: "I(X;S|Y), nats", digits: 4, key: "cmi" },
  { name: "coverage, %", digits: 2, key: "coverage", scale: 100 },
  { name: "mean pairwise JS divergence, nats", digits: 4, key: "divergence" },
] as const;

export function summarize(
  results: readonly SeedResult[],
  classes: readonly number[],
  classNames: readonly string[],
): SummaryRow[] {
  const metrics: Metric[] = [
    { name: "Accuracy, %", digits: 2, of: ({ accuracy }) => 100 * accuracy },
    { name: "CMI of the output, training images, nats", digits: 4, of: ({ cmi }) => cmi.train },
    { name: "CMI of the output, test images, nats", digits: 4, of: ({ cmi }) => cmi.test },
    ...SCORES.map(({ name, digits, key, ...rest }) => ({
      name: `Maps of all classes: ${name}`,
      digits,
      of: ({ maps }: TeacherResult) => ("scale" in rest ? rest.scale : 1) * (maps[key] ?? 0),
    })),
    ...classes.flatMap((label) =>
      SCORES.map(({ name, digits, key, ...rest }) => ({
        name: `Maps of ${classNames[label]}: ${name}`,
        digits,
        of: ({ maps }: TeacherResult) =>
          ("scale" in rest ? rest.scale : 1) * (maps.perClass[label]?.[key] ?? 0),
      })),
    ),
  ];
  return metrics.map(({ name, digits, of }) => {
    const values = (teacher: TeacherName) => results.map(({ teachers }) => of(teachers[teacher]));
    const estimates = TEACHERS.map((teacher) => [teacher, estimateOf(values(teacher))]);
    return {
      name,
      digits,
      teachers: Object.fromEntries(estimates) as Record<TeacherName, Estimate>,
      difference: pairedDifference(values("MCMI"), values("control")),
    };
  });
}

export const HEADINGS = ["", ...TEACHERS, "MCMI − control"];

/** The cells of a row as text, in the order of `HEADINGS`. */
export const cells = ({ name, digits, teachers, difference }: SummaryRow): string[] => [
  name,
  ...TEACHERS.map((teacher) => format(teachers[teacher], digits)),
  format(difference, digits, true),
];

export function printTable(rows: readonly SummaryRow[]): string {
  const table = new Table({
    head: HEADINGS,
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  table.push(...rows.map(cells));
  return table.toString();
}

/** Says of a row whether its difference is more than two standard errors. */
export function verdict({ name, difference, digits }: SummaryRow): string {
  const { mean, error } = difference;
  const text = `${name}: MCMI − control = ${format(difference, digits, true)}`;
  if (error === undefined) return `${text}; one seed says nothing about chance.`;
  const isThere = Math.abs(mean) > 2 * error;
  return `${text}, ${isThere ? "more" : "no more"} than two standard errors from 0.`;
}
