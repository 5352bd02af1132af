import { mean } from "d3-array";
import { pairedInterval } from "../common/statistics.ts";
import type { MethodName } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { ForestGroup, Section } from "../report/section.ts";
import { settingsOf, stepsText } from "../report/settings.ts";
import { byMethod, methodsOf, withoutTeacher } from "./by-method.ts";
import { NO_TEACHER } from "./contenders.ts";
import { type Effect, effectOf } from "./effect.ts";
import { type Goal, goalSection } from "./goal.ts";
import * as metrics from "./metrics.ts";
import type { Study } from "./study.ts";
import { RIVALS, TEACHERS, type TeacherName, teacherOf } from "./teachers.ts";

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

  effects: (outcomes, recipe) => [
    ...RIVALS.map((name) => meanGain(outcomes, recipe, name, plansBy(recipe, name))),
    meanGain(outcomes, recipe, NO_TEACHER, [withoutTeacher(recipe)]),
    ...RIVALS.map((baseline) => {
      const pair = [plan(recipe, "MCMI", "kd"), plan(recipe, baseline, "kd")] as const;
      const what = `teacher of the methods, ${pair[0].teacher.network}`;
      return effectOf(outcomes, pair, metrics.teacherAccuracy, {
        scale: "teacher",
        what,
        baseline,
      });
    }),
  ],
};

/** The gain of MCMI in the mean over all methods, over the mean of other students. */
function meanGain(
  outcomes: Outcomes,
  recipe: Recipe,
  baseline: string,
  others: readonly Plan[],
): Effect {
  const means = (plans: readonly Plan[]) => {
    const each = plans.map((one) => outcomes.values(one, studentAccuracy.of));
    return outcomes.seeds.map((_, i) => mean(each, (values) => values[i])!);
  };
  const ours = plansBy(recipe, "MCMI");
  return {
    scale: "student",
    what: `mean of ${ours.length} methods, ${100 * recipe.maps.share} % of the images, ${stepsText(ours[0]!)}`,
    baseline,
    digits: studentAccuracy.digits,
    gain: pairedInterval(means(ours), means(others)),
    seeds: outcomes.seeds.length,
    plans: [...ours, ...others],
  };
}

/** The plan of the student without a teacher names CE too, so it goes before those of CE. */
function plansOf(recipe: Recipe): Plan[] {
  return [withoutTeacher(recipe), ...TEACHERS.flatMap((name) => plansBy(recipe, name))];
}

const plansBy = (recipe: Recipe, name: TeacherName): Plan[] =>
  methodsOf(recipe).map((method) => plan(recipe, name, method));

/** Points. A method whose students are all further below the one without a teacher does not train. */
export const TRAINS_WITHIN = 4;

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
  const alone = show(outcomes, withoutTeacher(recipe), studentAccuracy);
  const meanOf = (one: Plan) => mean(outcomes.values(one, studentAccuracy.of))!;
  const aloneMean = meanOf(withoutTeacher(recipe));
  const better = methodsOf(recipe).filter(
    (method) => meanOf(plan(recipe, "MCMI", method)) > aloneMean,
  );
  const labelOf = (method: MethodName) => {
    const best = Math.max(...TEACHERS.map((name) => meanOf(plan(recipe, name, method))));
    const isFar = best < aloneMean - TRAINS_WITHIN;
    return isFar ? `${method}, does not train at this scale` : method;
  };
  return {
    title: "Students' test accuracy by method, %",
    text: [
      `Students of MCMI are better than the one without a teacher, which learns from labels alone, by ` +
        `${better.length} of ${methodsOf(recipe).length} methods. Rows say where a method does not train at this scale: its ` +
        `students of all teachers are more than ${TRAINS_WITHIN} points below the one without a teacher.`,
    ],
    table: {
      settings: settingsOf(plansOf(recipe)),
      head: ["method", ...TEACHERS, ...RIVALS.map((rival) => `MCMI − ${rival} [95 % CI]`)],
      rows: [
        [NO_TEACHER, ...TEACHERS.map(() => alone), ...RIVALS.map(() => "–")],
        ...methodsOf(recipe).map((method) => row(labelOf(method), method, studentAccuracy)),
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
