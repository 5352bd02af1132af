import Table from "cli-table3";
import { type Estimate, estimateOf, format, pairedDifference } from "./statistics.ts";

/** A number that each teacher has for each seed. */
export interface Metric<Teacher> {
  name: string;
  digits: number;
  of: (teacher: Teacher) => number;
}

/** The means of all teachers, and MCMI − control, paired by seed. */
export interface SummaryRow<Name extends string> {
  name: string;
  digits: number;
  teachers: Record<Name, Estimate>;
  gain: Estimate;
}

/** A row a metric. */
export function summarizeTeachers<Name extends string, Teacher>(
  metrics: readonly Metric<Teacher>[],
  names: readonly (Name | "control" | "MCMI")[],
  results: readonly { teachers: Record<Name | "control" | "MCMI", Teacher> }[],
): SummaryRow<Name | "control" | "MCMI">[] {
  return metrics.map(({ name, digits, of }) => {
    const values = (teacher: Name | "control" | "MCMI") =>
      results.map(({ teachers }) => of(teachers[teacher]));
    const estimates = names.map((teacher) => [teacher, estimateOf(values(teacher))]);
    return {
      name,
      digits,
      teachers: Object.fromEntries(estimates),
      gain: pairedDifference(values("MCMI"), values("control")),
    };
  });
}

export const headingsOf = (names: readonly string[]) => ["", ...names, "MCMI − control"];

/** The cells of a row as text, in the order of the headings. */
export const cellsOf = <Name extends string>(
  { name, digits, teachers, gain }: SummaryRow<Name>,
  names: readonly Name[],
): string[] => [
  name,
  ...names.map((teacher) => format(teachers[teacher], digits)),
  format(gain, digits, true),
];

/** Right-aligned but for the first column. */
export function printRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ head: [...head], colAligns, style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
