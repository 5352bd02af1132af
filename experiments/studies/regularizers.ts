import { mean } from "d3-array";
import type { Regularizer } from "../common/teacher.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../plan.ts";
import { fineTuned, type Recipe } from "../recipe.ts";
import {
  onValidation,
  probeMetric,
  show,
  showGain,
  teacherAccuracy,
  teacherCmi,
} from "./metrics.ts";
import { PROBES, type ProbeName, probe, probeTitles } from "./probes.ts";
import type { Study } from "./study.ts";

export const regularizers: Study = {
  title: "MCMI against other ways to a softer teacher",
  question:
    "Fine-tuning of the same length with label smoothing or with a reward for entropy, and the control's " +
    "students at higher temperatures: does any of them do what MCMI does?",

  plans: (recipe) =>
    settings(recipe).flatMap((one) => PROBES.map((name) => plan(recipe, name, one))),

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const all = settings(recipe);
    return [
      {
        title: "Each way at its best setting",
        text: [
          "The setting of each way is that with the best student on validation images; accuracies are " +
            "on test images. Differences are to the control, paired by seed.",
        ],
        table: {
          head: ["student", "way", "chosen", "accuracy, %", "− control [95 %]", "teacher, %"],
          rows: PROBES.flatMap((name) => {
            const control = plan(recipe, name, all[0]!);
            const metric = probeMetric(recipe.probes[name]);
            return WAYS.map((way) => {
              const chosen = best(
                outcomes,
                recipe,
                name,
                all.filter((one) => one.way === way),
              );
              const runs = plan(recipe, name, chosen);
              return [
                titles[name],
                way,
                chosen.value === undefined ? "" : String(chosen.value),
                show(outcomes, runs, metric),
                way === "control" ? "" : showGain(outcomes, [runs, control], metric),
                show(outcomes, runs, teacherAccuracy),
              ];
            });
          }),
        },
        charts: [],
      },
      {
        title: "All settings, mean ± standard error",
        text: [],
        table: {
          head: [
            "way",
            "setting",
            "teacher, %",
            "CMI, nats",
            ...PROBES.map((name) => titles[name]),
          ],
          rows: all.map((one) => [
            one.way,
            one.value === undefined ? "" : String(one.value),
            show(outcomes, plan(recipe, "fewImages", one), teacherAccuracy),
            show(outcomes, plan(recipe, "fewImages", one), teacherCmi),
            ...PROBES.map((name) =>
              show(outcomes, plan(recipe, name, one), probeMetric(recipe.probes[name])),
            ),
          ]),
        },
        charts: [],
      },
    ];
  },
};

const WAYS = ["control", "temperature", "label smoothing", "entropy", "MCMI"] as const;

interface Setting {
  way: (typeof WAYS)[number];
  /** λ, ε, the weight of the entropy, or T. */
  value?: number;
  regularizer: Regularizer;
}

/** The first one is the control. Those of one teacher follow each other. */
function settings({ regularizers }: Recipe): Setting[] {
  const { lambda, labelSmoothing, entropy, temperature } = regularizers;
  return [
    { way: "control", regularizer: { lambda: 0 } },
    ...temperature.map((value) => ({
      way: "temperature" as const,
      value,
      regularizer: { lambda: 0 },
    })),
    ...labelSmoothing.map((value) => ({
      way: "label smoothing" as const,
      value,
      regularizer: { labelSmoothing: value },
    })),
    ...entropy.map((value) => ({
      way: "entropy" as const,
      value,
      regularizer: { entropy: value },
    })),
    ...lambda.map((value) => ({ way: "MCMI" as const, value, regularizer: { lambda: value } })),
  ];
}

function plan(recipe: Recipe, name: ProbeName, { way, value, regularizer }: Setting): Plan {
  const teacher = fineTuned(recipe.teacher, recipe.fineTuning, regularizer);
  return probe(recipe, name, teacher, way === "temperature" ? value : undefined);
}

function best(
  outcomes: Outcomes,
  recipe: Recipe,
  name: ProbeName,
  candidates: readonly Setting[],
): Setting {
  const of = onValidation(recipe.probes[name].removed);
  const score = (one: Setting) => mean(outcomes.values(plan(recipe, name, one), of))!;
  return candidates.reduce((a, b) => (score(b) > score(a) ? b : a));
}
