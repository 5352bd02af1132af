import Table from "cli-table3";
import { type Estimate, estimateOf, format, pairedDifference } from "./statistics.ts";

/** A number measured for each teacher and seed. */
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

type Named<Name extends string> = Name | "control" | "MCMI";

/** A table of teachers with a row for each metric. */
export function summaryTable<Name extends string>(names: readonly Named<Name>[]) {
  const headings = ["", ...names, "MCMI − control"];

  /** The cells of a row as text, in the order of the headings. */
  const cells = ({ name, digits, teachers, gain }: SummaryRow<Named<Name>>): string[] => [
    name,
    ...names.map((teacher) => format(teachers[teacher], digits)),
    format(gain, digits, true),
  ];

  return {
    headings,
    cells,

    summarize: <Teacher>(
      metrics: readonly Metric<Teacher>[],
      results: readonly { teachers: Record<Named<Name>, Teacher> }[],
    ): SummaryRow<Named<Name>>[] =>
      metrics.map(({ name, digits, of }) => {
        const values = (teacher: Named<Name>) =>
          results.map(({ teachers }) => of(teachers[teacher]));
        const estimates = names.map((teacher) => [teacher, estimateOf(values(teacher))]);
        return {
          name,
          digits,
          teachers: Object.fromEntries(estimates),
          gain: pairedDifference(values("MCMI"), values("control")),
        };
      }),

    print: (rows: readonly SummaryRow<Named<Name>>[]) => printRows(headings, rows.map(cells)),
  };
}

/** A table as text. The first column is left-aligned, all others are right-aligned. */
export function printRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ head: [...head], colAligns, style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
