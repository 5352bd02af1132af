import { formatInterval, type Interval } from "../common/statistics.ts";
import { type Effect, SCALES } from "../studies/effect.ts";
import type { ForestChart, Section } from "./section.ts";
import { settingsOf } from "./settings.ts";

/** The effects of MCMI on a data set. */
export interface Findings {
  dataset: string;
  /** The class that `kd, one class removed` removes. */
  removed: string;
  effects: readonly Effect[];
  /** Of experiments with too few seeds for comparisons: their intervals are wider than any effect. */
  early: readonly Effect[];
}

/** An effect on each data set that has it. */
interface Finding {
  effect: Effect;
  gains: ReadonlyMap<string, Effect>;
}

/** The sections of the summary: forest plots by baseline, and a table of all effects. */
export function summarySections(findings: readonly Findings[]): Section[] {
  const all = findingsOf(findings);
  const isOver = (names: readonly string[]) =>
    all.filter(({ effect }) => names.includes(effect.baseline));
  const others = [...new Set(all.map(({ effect }) => effect.baseline))].filter(
    (name) => name !== "control" && name !== "CE",
  );
  return [
    forestSection("MCMI − control", "over-control", CONTROL, isOver(["control"])),
    forestSection("MCMI − CE", "over-ce", CE, isOver(["CE"])),
    forestSection("MCMI − other ways", "over-others", OTHERS, isOver(others), true),
    overview(
      all.filter(({ effect }) => !effect.isDetail),
      findings,
    ),
  ].filter((section) => section.table || section.charts.length > 0);
}

const CONTROL = "Control: the same teacher, fine-tuned for as many steps with λ = 0.";
const CE =
  "CE: the teacher before its fine-tuning, which is the thesis' baseline. Only some experiments have students of it.";
const OTHERS =
  "Students of other teachers: fine-tuned with label smoothing or an entropy reward, stopped early, with " +
  "MCMI but fixed centroids Q, or the control or CE at a higher temperature. Also students without a teacher. Settings are the best ones on validation images, or those that are named.";

/** An interval in words. */
export type Verdict = "higher" | "lower" | "not significant";

export const verdictOf = ({ interval }: Interval): Verdict => {
  if (interval === undefined) return "not significant";
  if (interval[0] > 0) return "higher";
  return interval[1] < 0 ? "lower" : "not significant";
};

/** The effects of all data sets, in the order of the first one that has them. */
export function findingsOf(findings: readonly Findings[]): Finding[] {
  const found = new Map<string, { effect: Effect; gains: Map<string, Effect> }>();
  for (const { dataset, effects } of findings) {
    for (const effect of effects) {
      const key = JSON.stringify([effect.scale, effect.what, effect.baseline]);
      const finding = found.get(key) ?? { effect, gains: new Map<string, Effect>() };
      if (!finding.gains.has(dataset)) finding.gains.set(dataset, effect);
      found.set(key, finding);
    }
  }
  return [...found.values()];
}

const ORDER: readonly string[] = ["higher", "not significant", "lower"];

function overview(all: readonly Finding[], parts: readonly Findings[]): Section {
  const datasets = parts.map(({ dataset }) => dataset);
  const removed = parts.map((part) => `${part.removed} on ${part.dataset}`).join(", ");
  const rows = all.map(({ effect, gains }) => {
    const verdicts = [...gains].map(([dataset, { gain }]) => ({ dataset, word: verdictOf(gain) }));
    const words = [...new Set(verdicts.map(({ word }) => word))];
    const places = verdicts.map((one) => one.dataset);
    const onAll = places.length === datasets.length ? "all" : places.join(" and ");
    const result =
      words.length === 1
        ? `${words[0]} on ${onAll}`
        : verdicts.map(({ dataset, word }) => `${word} on ${dataset}`).join(", ");
    const rank = verdicts.map(({ word }) => ORDER.indexOf(word));
    return {
      rank: rank.reduce((a, b) => a + b) / rank.length,
      cells: [
        effect.what,
        effect.baseline,
        ...datasets.map((name) => {
          const found = gains.get(name);
          return found ? formatInterval(found.gain, found.digits) : "";
        }),
        seedsOf([...gains.values()]),
        result,
      ],
    };
  });
  const ordered = [...rows].sort((a, b) => a.rank - b.rank);
  return {
    title: "All comparisons",
    text: [
      "MCMI − baseline with its 95 % CI, in points of test accuracy (maps: points of coverage, and nats). " +
        "“Higher” and “lower” mean that the interval excludes 0. " +
        `The one class removed is ${removed}.`,
    ],
    table: {
      settings: settingsOf(all.flatMap(({ gains }) => plansOf(gains))),
      head: ["what", "baseline", ...datasets, "seeds", "MCMI is"],
      rows: ordered.map(({ cells }) => cells),
    },
    charts: [],
  };
}

/** One number if it is the same on each data set. */
function seedsOf(gains: readonly Effect[]): string {
  const counts = gains.map(({ seeds }) => seeds);
  return (new Set(counts).size === 1 ? counts.slice(0, 1) : counts).join(", ");
}

const plansOf = (gains: Finding["gains"]) => [...gains.values()].flatMap(({ plans }) => plans);

/** @param named Whether rows have the names of their baselines. */
function forestSection(
  title: string,
  id: string,
  text: string,
  findings: readonly Finding[],
  named = false,
): Section {
  const scales = Object.keys(SCALES) as (keyof typeof SCALES)[];
  const groups = scales
    .map((scale) => ({
      name: SCALES[scale],
      rows: findings
        .filter(({ effect }) => effect.scale === scale)
        .flatMap(({ gains }) =>
          [...gains].map(([dataset, { what, baseline, gain, digits }]) => ({
            label: `${named ? `${baseline}: ` : ""}${what}, ${dataset}`,
            series: dataset,
            gain,
            digits,
          })),
        ),
    }))
    .filter(({ rows }) => rows.length > 0);
  const chart: ForestChart = { kind: "forest", id, title, groups };
  const settings = settingsOf(findings.flatMap(({ gains }) => plansOf(gains)));
  return { title, text: [text, settings], charts: groups.length > 0 ? [chart] : [] };
}
