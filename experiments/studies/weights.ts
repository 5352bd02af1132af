import type { MethodName } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { settingsOf } from "../report/settings.ts";
import { byMethod, methodsOf, strengthOf, withoutTeacher } from "./by-method.ts";
import { type Metric, onValidation, show } from "./metrics.ts";
import type { Study } from "./study.ts";
import { TRAINS_WITHIN } from "./table.ts";

const accuracy: Metric = {
  name: "student on validation images, %",
  digits: 2,
  of: (outcome) => 100 * onValidation([])(outcome),
};

export const weights: Study = {
  title: "The weights of the methods",
  question:
    "The published weights are for larger networks and longer schedules. Which factor of them serves a student of " +
    "the CE teacher best on validation images?",

  plans: plansOf,

  sections: (outcomes, recipe) => [accuracies(outcomes, recipe)],
};

function plansOf(recipe: Recipe): Plan[] {
  const plansBy = (method: MethodName) =>
    triedOf(recipe, method).map((strength) => plan(recipe, method, strength));
  return [alone(recipe), ...methodsOf(recipe).flatMap(plansBy)];
}

const triedOf = ({ maps }: Recipe, method: MethodName): readonly number[] =>
  maps.weights?.factors[method]?.tried ?? [1];

const teacherOf = ({ maps: { teacher, weights } }: Recipe): TeacherPlan => ({
  ...teacher,
  epoch: weights?.epoch ?? teacher.epoch,
});

const plan = (recipe: Recipe, method: MethodName, strength: number): Plan =>
  byMethod(recipe, teacherOf(recipe), method, strength);

const alone = (recipe: Recipe): Plan => withoutTeacher(recipe, teacherOf(recipe));

function accuracies(outcomes: Outcomes, recipe: Recipe): Section {
  const names = methodsOf(recipe);
  const factors = [...new Set(names.flatMap((method) => triedOf(recipe, method)))].sort(
    (a, b) => b - a,
  );
  const cell = (method: MethodName, strength: number) =>
    triedOf(recipe, method).includes(strength)
      ? show(outcomes, plan(recipe, method, strength), accuracy)
      : "–";
  return {
    title: "Students on validation images by factor of the method's weight, %",
    text: [
      `Without a teacher: ${show(outcomes, alone(recipe), accuracy)}. Smaller factors were tried where the student by the ` +
        `usual weight is more than ${TRAINS_WITHIN} points below it. The teacher is the one after epoch ` +
        `${teacherOf(recipe).epoch}. The chosen factors are those of the table of all methods.`,
    ],
    table: {
      settings: settingsOf(plansOf(recipe)),
      head: ["method", ...factors.map((factor) => `× ${factor}`), "chosen"],
      rows: names.map((method) => [
        method,
        ...factors.map((factor) => cell(method, factor)),
        `× ${strengthOf(recipe, method)}`,
      ]),
    },
    charts: [],
  };
}
