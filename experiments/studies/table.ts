import { pairedInterval } from "../common/statistics.ts";
import { type MethodName, methods } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan, TeacherPlan } from "../plan.ts";
import { mapsTeacher, type Recipe } from "../recipe.ts";
import { byMethod } from "./by-method.ts";
import { type Goal, goalSection } from "./goal.ts";
import {
  estimate,
  GAIN,
  show,
  showGain,
  studentAccuracy,
  teacherAccuracy,
  teacherCmi,
} from "./metrics.ts";
import type { Study } from "./study.ts";

const METHODS = Object.keys(methods) as MethodName[];
const TEACHERS = ["CE", "control", "MCMI"] as const;
type TeacherName = (typeof TEACHERS)[number];

export const table: Study = {
  title: "Every method of distillation",
  question:
    "The same student by the same method, with the teacher swapped: trained with cross-entropy (CE), " +
    "fine-tuned further with it (control), fine-tuned with CMI (MCMI).",

  plans: (recipe) =>
    TEACHERS.flatMap((name) => METHODS.map((method) => plan(recipe, name, method))),

  sections(outcomes, recipe) {
    const row = (label: string, method: MethodName, metric: typeof studentAccuracy) => [
      label,
      ...TEACHERS.map((name) => show(outcomes, plan(recipe, name, method), metric)),
      showGain(outcomes, [plan(recipe, "MCMI", method), plan(recipe, "control", method)], metric),
    ];
    return [
      goalSection(goals(outcomes, recipe)),
      {
        title: "Students' test accuracy by method, %",
        text: [],
        table: {
          head: ["method", ...TEACHERS, GAIN],
          rows: [
            ...METHODS.map((method) => row(method, method, studentAccuracy)),
            row("the teachers", "kd", teacherAccuracy),
            row("CMI of the teachers, nats", "kd", teacherCmi),
          ],
        },
        charts: [
          {
            kind: "bars",
            title: "Students by each method",
            y: { name: "test accuracy, %" },
            categories: [...METHODS],
            series: TEACHERS.map((name) => ({
              name,
              values: METHODS.map((method) =>
                estimate(outcomes, plan(recipe, name, method), studentAccuracy),
              ),
            })),
          },
        ],
      },
    ];
  },
};

function goals(outcomes: Outcomes, recipe: Recipe): Goal[] {
  const gains = METHODS.map((method) => {
    const values = (name: TeacherName) =>
      outcomes.values(plan(recipe, name, method), studentAccuracy.of);
    return { method, gain: pairedInterval(values("MCMI"), values("control")) };
  });
  const names = (some: typeof gains) => some.map(({ method }) => method).join(", ");
  const worse = gains.filter(({ gain }) => gain.interval !== undefined && gain.interval[1] < 0);
  const better = gains.filter(({ gain }) => gain.mean > 0);
  const surely = gains.filter(({ gain }) => gain.interval !== undefined && gain.interval[0] > 0);
  return [
    {
      goal: "MCMI at least as good as control within error under every method",
      measured: worse.length === 0 ? "worse under none" : `worse under ${names(worse)}`,
      isReached: worse.length === 0,
    },
    {
      goal: "better under most",
      measured:
        `a higher mean under ${better.length} of ${METHODS.length}, an interval above 0 ` +
        `under ${surely.length}${surely.length > 0 ? ` (${names(surely)})` : ""}`,
      isReached: better.length > METHODS.length / 2,
    },
  ];
}

const plan = (recipe: Recipe, name: TeacherName, method: MethodName): Plan =>
  byMethod(recipe, teacherOf(recipe, name), method);

const teacherOf = (recipe: Recipe, name: TeacherName): TeacherPlan =>
  name === "CE"
    ? recipe.maps.teacher
    : mapsTeacher(recipe, name === "MCMI" ? recipe.maps.lambda : 0);
