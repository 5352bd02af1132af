import { format } from "../common/statistics.ts";
import {
  cellsOf,
  headingsOf,
  type Metric,
  printRows,
  type SummaryRow,
  summarizeTeachers,
} from "../common/summary.ts";
import { type SeedResult, TEACHERS, type TeacherName, type TeacherResult } from "./seed.ts";

export type CamRow = SummaryRow<TeacherName>;

const SCORES = [
  { name: "I(X;S|Y), nats", digits: 4, key: "cmi" },
  { name: "coverage, %", digits: 2, key: "coverage", scale: 100 },
  { name: "mean pairwise JS divergence, nats", digits: 4, key: "divergence" },
] as const;

export function summarize(
  results: readonly SeedResult[],
  classes: readonly number[],
  classNames: readonly string[],
): CamRow[] {
  const metrics: Metric<TeacherResult>[] = [
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
  return summarizeTeachers(metrics, TEACHERS, results);
}

export const HEADINGS = headingsOf(TEACHERS);
export const cells = (row: CamRow) => cellsOf(row, TEACHERS);
export const printTable = (rows: readonly CamRow[]) => printRows(HEADINGS, rows.map(cells));

/** Says of a row whether its difference is more than two standard errors. */
export function verdict({ name, gain, digits }: CamRow): string {
  const { mean, error } = gain;
  const text = `${name}: MCMI − control = ${format(gain, digits, true)}`;
  if (error === undefined) return `${text}; one seed says nothing about chance.`;
  const isThere = Math.abs(mean) > 2 * error;
  return `${text}, ${isThere ? "more" : "no more"} than two standard errors from 0.`;
}
