import { mean } from "d3-array";
import { pairedInterval } from "../common/statistics.ts";
import { type MethodName, methods } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import { mapsTeacher, type Recipe } from "../recipe.ts";
import type { ForestGroup, Section } from "../report/section.ts";
import { settingsOf, stepsText } from "../report/settings.ts";
import { byMethod } from "./by-method.ts";
import { type Effect, effectOf } from "./effect.ts";
import { type Goal, goalSection } from "./goal.ts";
import * as metrics from "./metrics.ts";
import type { Study } from "./study.ts";

const methodsOf = ({ maps }: Recipe): readonly MethodName[] =>
  maps.methods ?? (Object.keys(methods) as MethodName[]);
const TEACHERS = ["CE", "control", "MCMI"] as const;
/** The teachers that MCMI is compared with. */
const RIVALS = ["control", "CE"] as const;
type TeacherName = (typeof TEACHERS)[number];

const { studentAccuracy } = metrics;

export const table: Study = {
  title: "All methods of distillation",
  question:
    "The same student by the same method with another teacher: trained with cross-entropy (CE), " +
    "fine-tuned further with it (control), or fine-tuned with CMI (MCMI).",

  plans: plansOf,

  sections: (outcomes, recipe) => [
    goalSection(goals(outcomes, recipe), plansOf(recipe)),
    accuracies(outcomes, recipe),
  ],

  effects: (outcomes, recipe) =>
    RIVALS.flatMap((baseline): Effect[] => {
      const pair = [plan(recipe, "MCMI", "kd"), plan(recipe, baseline, "kd")] as const;
      const means = (name: TeacherName) => {
        const each = methodsOf(recipe).map((method) =>
          outcomes.values(plan(recipe, name, method), studentAccuracy.of),
        );
        return outcomes.seeds.map((_, i) => mean(each, (values) => values[i])!);
      };
      const percent = 100 * recipe.maps.share;
      return [
        {
          scale: "student",
          what: `mean of ${methodsOf(recipe).length} methods, ${percent} % of the images, ${stepsText(pair[0])}`,
          baseline,
          digits: studentAccuracy.digits,
          gain: pairedInterval(means("MCMI"), means(baseline)),
          plans: methodsOf(recipe).flatMap((method) => [
            plan(recipe, "MCMI", method),
            plan(recipe, baseline, method),
          ]),
        },
        effectOf(outcomes, pair, metrics.teacherAccuracy, {
          scale: "teacher",
          what: `teacher of the methods, ${pair[0].teacher.network}`,
          baseline,
        }),
      ];
    }),
};

function plansOf(recipe: Recipe): Plan[] {
  return TEACHERS.flatMap((name) => methodsOf(recipe).map((method) => plan(recipe, name, method)));
}

/** Points. Beyond them, intervals of methods that hardly train would hide all others. */
const SHOWN_WITHIN = 6;

const gainsOver = (outcomes: Outcomes, recipe: Recipe, rival: TeacherName): ForestGroup => ({
  name: `MCMI − ${rival}, points`,
  within: SHOWN_WITHIN,
  rows: methodsOf(recipe).map((method) => {
    const [a, b] = (["MCMI", rival] as const).map((name) =>
      outcomes.values(plan(recipe, name, method), studentAccuracy.of),
    );
    const gain = pairedInterval(a!, b!);
    return { label: method, series: `over ${rival}`, gain, digits: studentAccuracy.digits };
  }),
});

function accuracies(outcomes: Outcomes, recipe: Recipe): Section {
  const { estimate, show, showGain, teacherAccuracy, teacherCmi } = metrics;
  const row = (label: string, method: MethodName, metric: metrics.Metric) => [
    label,
    ...TEACHERS.map((name) => show(outcomes, plan(recipe, name, method), metric)),
    ...RIVALS.map((rival) =>
      showGain(outcomes, [plan(recipe, "MCMI", method), plan(recipe, rival, method)], metric),
    ),
  ];
  return {
    title: "Students' test accuracy by method, %",
    text: [],
    table: {
      settings: settingsOf(plansOf(recipe)),
      head: ["method", ...TEACHERS, ...RIVALS.map((rival) => `MCMI − ${rival} [95 % CI]`)],
      rows: [
        ...methodsOf(recipe).map((method) => row(method, method, studentAccuracy)),
        row("the teachers", "kd", teacherAccuracy),
        row("CMI of the teachers, nats", "kd", teacherCmi),
      ],
    },
    charts: [
      {
        kind: "bars",
        id: "methods",
        title: `Students by each method with ${100 * recipe.maps.share} % of the images, ${stepsText(plan(recipe, "MCMI", "kd"))}`,
        y: { name: "test accuracy, %" },
        categories: [...methodsOf(recipe)],
        series: TEACHERS.map((name) => ({
          name,
          values: methodsOf(recipe).map((method) =>
            estimate(outcomes, plan(recipe, name, method), studentAccuracy),
          ),
        })),
      },
      {
        kind: "forest",
        id: "gains",
        title: `Gains by each method with ${100 * recipe.maps.share} % of the images, ${stepsText(plan(recipe, "MCMI", "kd"))}`,
        groups: RIVALS.map((rival) => gainsOver(outcomes, recipe, rival)),
      },
    ],
  };
}

/** A gain is significant (p < 0.05) if its 95 % CI excludes 0. */
function goals(outcomes: Outcomes, recipe: Recipe): Goal[] {
  const gains = methodsOf(recipe).map((method) => {
    const values = (name: TeacherName) =>
      outcomes.values(plan(recipe, name, method), studentAccuracy.of);
    return { method, gain: pairedInterval(values("MCMI"), values("control")) };
  });
  const { betterUnder: least = Math.floor(gains.length / 2) + 1 } = recipe.maps;
  const names = (some: typeof gains) => some.map(({ method }) => method).join(", ") || "none";
  const higher = gains.filter(({ gain }) => gain.mean > 0);
  const lowerEnd = ({ gain }: (typeof gains)[number]) => gain.interval?.[0] ?? 0;
  const upperEnd = ({ gain }: (typeof gains)[number]) => gain.interval?.[1] ?? 0;
  const significantlyHigher = gains.filter((one) => lowerEnd(one) > 0);
  const significantlyLower = gains.filter((one) => upperEnd(one) < 0);
  return [
    {
      goal: "MCMI not significantly worse than the control for any method",
      measured: `significantly worse (p < 0.05) for ${names(significantlyLower)}`,
      isReached: significantlyLower.length === 0,
    },
    {
      goal: `MCMI better than the control for at least ${least} of ${gains.length} methods`,
      measured:
        `higher mean for ${higher.length} of ${gains.length}, significantly higher (p < 0.05) for ` +
        `${significantlyHigher.length} (${names(significantlyHigher)})`,
      isReached: higher.length >= least,
    },
  ];
}

const plan = (recipe: Recipe, name: TeacherName, method: MethodName): Plan =>
  byMethod(recipe, teacherOf(recipe, name), method);

const teacherOf = (recipe: Recipe, name: TeacherName): TeacherPlan =>
  name === "CE"
    ? recipe.maps.teacher
    : mapsTeacher(recipe, name === "MCMI" ? recipe.maps.lambda : 0);
