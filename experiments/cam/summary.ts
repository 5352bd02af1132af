import { type Metric, type SummaryRow, summaryTable } from "../common/summary.ts";
import { type SeedResult, TEACHERS, type TeacherName, type TeacherResult } from "./run-cam.ts";

export type CamRow = SummaryRow<TeacherName>;

type Scores = Pick<TeacherResult["maps"], "cmi" | "coverage" | "divergence">;

const scoresOf = (
  title: string,
  of: (teacher: TeacherResult) => Scores | null | undefined,
): Metric<TeacherResult>[] => [
  { name: `${title}: I(X;S|Y), nats`, digits: 4, of: (teacher) => of(teacher)?.cmi ?? 0 },
  {
    name: `${title}: coverage, %`,
    digits: 2,
    of: (teacher) => 100 * (of(teacher)?.coverage ?? 0),
  },
  {
    name: `${title}: mean pairwise JS divergence, nats`,
    digits: 4,
    of: (teacher) => of(teacher)?.divergence ?? 0,
  },
];

const ALL = "Maps of all classes";

export const camTable = summaryTable(TEACHERS);

export function summarize(
  results: readonly SeedResult[],
  classes: readonly number[],
  classNames: readonly string[],
): CamRow[] {
  const metrics: Metric<TeacherResult>[] = [
    { name: "Accuracy, %", digits: 2, of: ({ accuracy }) => 100 * accuracy },
    { name: "CMI of the output, training images, nats", digits: 4, of: ({ cmi }) => cmi.train },
    { name: "CMI of the output, test images, nats", digits: 4, of: ({ cmi }) => cmi.test },
    ...scoresOf(ALL, ({ maps }) => maps),
    ...classes.flatMap((label) =>
      scoresOf(`Maps of ${classNames[label]}`, ({ maps }) => maps.perClass[label]),
    ),
  ];
  return camTable.summarize(metrics, results);
}

export const isOfAllClasses = ({ name }: CamRow): boolean => name.startsWith(ALL);
