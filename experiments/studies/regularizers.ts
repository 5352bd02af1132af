import { mean } from "d3-array";
import type { Outcomes } from "../outcomes.ts";
import type { Regularizer } from "../pipeline/fit-teacher.ts";
import { fineTuned, type Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { settingsOf } from "../report/settings.ts";
import { byTeacher } from "./by-teacher.ts";
import { effectOf, scaleOf } from "./effect.ts";
import * as metrics from "./metrics.ts";
import { PROBES, type ProbeName, probe, probeText, probeTitles } from "./probes.ts";
import { ranking } from "./ranking.ts";
import type { Study } from "./study.ts";

const { estimate, probeMetric, show, showGain, teacherAccuracy, teacherCmi } = metrics;

export const regularizers: Study = {
  title: "MCMI and other ways to a softer teacher",
  question:
    "Fine-tuning of the same length with label smoothing or with an entropy reward, and students of the " +
    "control at higher temperatures: does any of them match MCMI?",

  plans: plansOf,

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    return [bestSettings(outcomes, recipe, titles), allSettings(outcomes, recipe, titles)];
  },

  effects: (outcomes, recipe) =>
    PROBES.flatMap((name) => {
      const metric = probeMetric(recipe.probes[name]);
      const of = (way: Way) => plan(recipe, name, best(outcomes, recipe, name, way));
      return RIVALS.map((way) =>
        effectOf(outcomes, [of("MCMI"), of(way)], metric, {
          scale: scaleOf(metric),
          what: probeText(recipe, name),
          baseline: way,
        }),
      );
    }),
};

/** Plans with the same teacher and images follow each other: they share the teacher's logits. */
function plansOf(recipe: Recipe): Plan[] {
  return byTeacher(
    PROBES.flatMap((name) => settings(recipe).map((one) => plan(recipe, name, one))),
  );
}

type Titles = ReturnType<typeof probeTitles>;

const bestSettings = (outcomes: Outcomes, recipe: Recipe, titles: Titles): Section => ({
  title: "Each way at its best setting",
  text: [
    "The setting of each way is the one with the best student on validation images. Accuracies are " +
      "measured on test images. Differences are relative to the control, paired by seed.",
  ],
  table: {
    settings: settingsOf(plansOf(recipe)),
    head: ["student", "way", "chosen", "accuracy, %", "− control [95 % CI]", "teacher, %"],
    rows: PROBES.flatMap((name) => {
      const metric = probeMetric(recipe.probes[name]);
      const control = plan(recipe, name, settings(recipe)[0]!);
      return WAYS.map((way) => {
        const chosen = best(outcomes, recipe, name, way);
        const run = plan(recipe, name, chosen);
        return [
          titles[name],
          way,
          settingText(chosen),
          show(outcomes, run, metric),
          way === "control" ? "" : showGain(outcomes, [run, control], metric),
          show(outcomes, run, teacherAccuracy),
        ];
      });
    }),
  },
  charts: [],
  conclusion: PROBES.map((name) => {
    const metric = probeMetric(recipe.probes[name]);
    const ways = WAYS.map((way) => {
      const run = plan(recipe, name, best(outcomes, recipe, name, way));
      return { name: way, mean: estimate(outcomes, run, metric).mean };
    });
    return ranking(titles[name], ways, metric.digits);
  }).join(" "),
});

const allSettings = (outcomes: Outcomes, recipe: Recipe, titles: Titles): Section => ({
  title: "All settings, mean ± standard error",
  text: [],
  table: {
    settings: settingsOf(plansOf(recipe)),
    head: ["way", "setting", "teacher, %", "CMI, nats", ...PROBES.map((name) => titles[name])],
    rows: settings(recipe).map((one) => [
      one.way,
      settingText(one),
      show(outcomes, plan(recipe, "fewImages", one), teacherAccuracy),
      show(outcomes, plan(recipe, "fewImages", one), teacherCmi),
      ...PROBES.map((name) =>
        show(outcomes, plan(recipe, name, one), probeMetric(recipe.probes[name])),
      ),
    ]),
  },
  charts: [],
});

const WAYS = ["control", "temperature", "label smoothing", "entropy", "MCMI"] as const;

type Way = (typeof WAYS)[number];
/** The ways that the summary compares MCMI with. */
const RIVALS = ["temperature", "label smoothing", "entropy"] as const satisfies readonly Way[];

interface Setting {
  way: Way;
  /** λ, ε, the weight of the entropy, or T. */
  value?: number;
  regularizer: Regularizer;
}

const settingText = ({ value }: Setting) => (value === undefined ? "" : String(value));

/** The first setting is the control. */
function settings({ regularizers }: Recipe): Setting[] {
  const { lambda, labelSmoothing, entropy, temperature } = regularizers;
  const each = (way: Way, values: readonly number[], of: (value: number) => Regularizer) =>
    values.map((value): Setting => ({ way, value, regularizer: of(value) }));
  return [
    { way: "control", regularizer: { lambda: 0 } },
    ...each("temperature", temperature, () => ({ lambda: 0 })),
    ...each("label smoothing", labelSmoothing, (value) => ({ labelSmoothing: value })),
    ...each("entropy", entropy, (value) => ({ entropy: value })),
    ...each("MCMI", lambda, (value) => ({ lambda: value })),
  ];
}

function plan(recipe: Recipe, name: ProbeName, { way, value, regularizer }: Setting): Plan {
  const teacher = fineTuned(recipe.teacher, recipe.fineTuning, regularizer);
  return probe(recipe, name, teacher, way === "temperature" ? value : undefined);
}

/** The setting with the best student on validation images. */
function best(outcomes: Outcomes, recipe: Recipe, name: ProbeName, way: Way): Setting {
  const of = metrics.onValidation(recipe.probes[name].removed);
  const score = (one: Setting) => mean(outcomes.values(plan(recipe, name, one), of))!;
  const candidates = settings(recipe).filter((one) => one.way === way);
  return candidates.reduce((a, b) => (score(b) > score(a) ? b : a));
}
