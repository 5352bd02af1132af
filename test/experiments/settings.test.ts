import { describe, expect, test } from "vitest";
import { estimateOf } from "../../experiments/common/statistics.ts";
import { fineTuned, type Plan, type StudentPlan } from "../../experiments/pipeline/plan.ts";
import { settingsOf, stepsText } from "../../experiments/report/settings.ts";
import { findingsOf, summarySections, verdictOf } from "../../experiments/report/summary.ts";
import type { Effect } from "../../experiments/studies/effect.ts";

const schedule = { epochs: 3, batchSize: 50, learningRate: 0.1 };
const images = { train: 1000, validation: 10 };
const teacher = { network: "mlp-64", schedule, kept: [3], epoch: 3 } as const;
const student: StudentPlan = {
  network: "mlp-64",
  method: "kd",
  kd: { temperature: 2, alpha: 0.9 },
  share: 0.13,
  removed: [],
  schedule,
};
const tuned = (lambda: number): Plan => ({
  images,
  teacher: fineTuned(teacher, { ...schedule, epochs: 1 }, { lambda }),
  student,
});

describe("settingsOf", () => {
  test("states λ, T, images and steps", () => {
    expect(settingsOf([tuned(0.4), tuned(0)])).toBe(
      "Settings: λ = 0, 0.4. T = 2. Teachers: 1,000 images, 60 steps; fine-tuning 20 steps. " +
        "Students: 130 images in 9 steps.",
    );
  });

  test("states other regularizers, methods and a constant number of steps", () => {
    const smoothed = fineTuned(teacher, schedule, { labelSmoothing: 0.1 });
    const { kd, ...rest } = student;
    const plans: Plan[] = [
      {
        images,
        teacher: smoothed,
        student: { ...rest, method: "crd", strength: 0.1, drawn: 1000 },
      },
      { images, teacher, student: rest },
      { images, teacher, student: { ...student, kd: { temperature: 1, alpha: 0 } } },
      { images, teacher: fineTuned(teacher, schedule, { lambda: 0.2 }, "fixed") },
      { images, teacher, student: { ...student, share: 1, removed: [3], atMost: 300 } },
    ];
    expect(settingsOf(plans)).toBe(
      "Settings: λ with fixed Q = 0.2, label smoothing ε = 0.1. T = 2, 4 for kd, usual settings for crd. " +
        "Weight of crd × 0.1. Teachers: 1,000 images, 60 steps; fine-tuning 60 steps. " +
        "Students: 130 images in 9 steps, 130 images in 60 steps, at most 300 images in 18 steps.",
    );
    expect(stepsText(plans[0]!)).toBe("60 steps");
  });
});

describe("summarySections", () => {
  const effect = (baseline: string, interval: [number, number], seeds = 5): Effect => ({
    scale: "student",
    what: "kd",
    baseline,
    digits: 1,
    gain: { ...estimateOf(interval), interval },
    seeds,
    plans: [tuned(0)],
  });
  const findings = [
    {
      dataset: "one",
      removed: "3",
      effects: [effect("control", [-2, -1]), effect("CE", [1, 2]), effect("CE", [8, 9])],
      early: [effect("control", [1, 20])],
    },
    {
      dataset: "two",
      removed: "cat",
      effects: [effect("CE", [3, 4]), effect("control", [-1, 1], 3)],
      early: [],
    },
  ];

  test("name the data sets of a comparison that others lack", () => {
    const [first, second] = findings;
    const overview = summarySections([first!, { ...second!, effects: [] }]).at(-1)!;
    const [over] = overview.table!.rows;
    expect(over).toEqual(["kd", "CE", "+1.5 [+1.0, +2.0]", "", "5", "higher on one"]);
  });

  test("state each comparison once, the best ones first, with its verdicts", () => {
    const sections = summarySections(findings);
    const [overview, plots] = [sections.at(-1), sections.slice(0, -1)];
    expect(overview!.table!.rows).toEqual([
      ["kd", "CE", "+1.5 [+1.0, +2.0]", "+3.5 [+3.0, +4.0]", "5", "higher on all"],
      [
        "kd",
        "control",
        "-1.5 [-2.0, -1.0]",
        "+0.0 [-1.0, +1.0]",
        "5, 3",
        "lower on one, not significant on two",
      ],
    ]);
    expect(overview!.text.join()).toContain("3 on one, cat on two");
    expect(plots.map(({ title }) => title)).toEqual(["MCMI − control", "MCMI − CE"]);
    const chart = plots[1]!.charts[0]!;
    expect(
      chart.kind === "forest" && chart.groups.map(({ rows }) => rows.map((r) => r.label)),
    ).toEqual([["kd, one", "kd, two"]]);
    expect(findingsOf(findings)).toHaveLength(2);
  });

  test("a single seed has no verdict", () => {
    expect(verdictOf({ mean: 1, error: undefined, interval: undefined })).toBe("not significant");
  });
});
