import Table from "cli-table3";
import { type Estimate, estimateOf, format, pairedDifference } from "./statistics.ts";

/** A number measured for each teacher and seed. */
export interface Metric<Teacher> {
  name: string;
  digits: number;
  of: (teacher: Teacher) => number;
}

/** The means of all teachers, and the gains of MCMI over each of the others, paired by seed. */
export interface SummaryRow<Name extends string> {
  name: string;
  digits: number;
  teachers: Record<Name, Estimate>;
  /** MCMI − control. */
  gain: Estimate;
  /** MCMI − each of the other teachers, in the order of the names. */
  gains: readonly Estimate[];
}

type Named<Name extends string> = Name | "control" | "MCMI";

/** A table of teachers with a row for each metric. */
export function summaryTable<Name extends string>(names: readonly Named<Name>[]) {
  const rivals = names.filter((name) => name !== "MCMI");
  const headings = ["", ...names, ...rivals.map((name) => `MCMI − ${name}`)];

  /** The cells of a row as text, in the order of the headings. */
  const cells = ({ name, digits, teachers, gains }: SummaryRow<Named<Name>>): string[] => [
    name,
    ...names.map((teacher) => format(teachers[teacher], digits)),
    ...gains.map((gain) => format(gain, digits, true)),
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
          gains: rivals.map((rival) => pairedDifference(values("MCMI"), values(rival))),
        };
      }),

    print: (rows: readonly SummaryRow<Named<Name>>[]) => printRows(headings, rows.map(cells)),
  };
}

/** Says whether MCMI differs from the control by more than two standard errors. */
export function verdict({ name, gain, digits }: SummaryRow<"control" | "MCMI">): string {
  const { mean, error } = gain;
  const text = `${name}: MCMI − control = ${format(gain, digits, true)}`;
  if (error === undefined) return `${text}; one seed has no standard error.`;
  const isLarge = Math.abs(mean) > 2 * error;
  return `${text}, ${isLarge ? "more" : "no more"} than two standard errors from 0.`;
}

/** A table as text. The first column is left-aligned, all others are right-aligned. */
export function printRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ head: [...head], colAligns, style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
