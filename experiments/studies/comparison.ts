import { estimateOf, format, formatInterval, pairedInterval } from "../common/statistics.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Section } from "../report/section.ts";
import { settingsOf } from "../report/settings.ts";
import type { Metric } from "./metrics.ts";

/** A number of each contender, in the order of the seeds. */
export interface Row {
  label: string;
  digits: number;
  values: (name: string) => readonly number[];
}

/** A row of a metric. */
export const rowOf = (
  outcomes: Outcomes,
  label: string,
  plan: (name: string) => Plan,
  { digits, of }: Metric,
): Row => ({ label, digits, values: (name) => outcomes.values(plan(name), of) });

interface Comparison extends Pick<Section, "title" | "charts"> {
  /** Title of the differences, where they have a table of their own. */
  gains: string;
  /** Heading of the labels. */
  first: string;
  /** The contenders, MCMI among them. */
  names: readonly string[];
  rows: readonly Row[];
  /** The runs behind the rows. */
  plans: readonly Plan[];
}

/** Above this number of contenders, their differences do not fit beside them. */
const MOST_IN_ONE_TABLE = 3;

/** The means of all contenders, and the gains of MCMI over each of the others, paired by seed. */
export function comparison({
  title,
  gains,
  first,
  names,
  rows,
  plans,
  charts,
}: Comparison): Section[] {
  const rivals = names.filter((name) => name !== "MCMI");
  const gainHead = rivals.map((name) => `MCMI − ${name} [95 % CI]`);
  const meansOf = ({ digits, values }: Row) =>
    names.map((name) => format(estimateOf(values(name)), digits));
  const gainsOf = ({ digits, values }: Row) =>
    rivals.map((name) => formatInterval(pairedInterval(values("MCMI"), values(name)), digits));
  const table = (head: readonly string[], cells: (row: Row) => string[]) => ({
    settings: settingsOf(plans),
    head: [first, ...head],
    rows: rows.map((row) => [row.label, ...cells(row)]),
  });
  if (names.length <= MOST_IN_ONE_TABLE) {
    const all = table([...names, ...gainHead], (row) => [...meansOf(row), ...gainsOf(row)]);
    return [{ title, text: [], table: all, charts }];
  }
  return [
    { title, text: [], table: table(names, meansOf), charts },
    { title: gains, text: [], table: table(gainHead, gainsOf), charts: [] },
  ];
}
