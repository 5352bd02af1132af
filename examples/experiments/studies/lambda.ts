import type { MethodName } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../plan.ts";
import { fineTuned, type Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { byMethod, mapsTeacher } from "./by-method.ts";
import {
  estimate,
  type Metric,
  probeMetric,
  show,
  showGain,
  studentAccuracy,
  teacherAccuracy,
  teacherCmi,
} from "./metrics.ts";
import { PROBES, probe, probeTitles } from "./probes.ts";
import type { Study } from "./study.ts";

/** One of each family: by outputs, feature maps, relations and contrast. */
const METHODS = ["kd", "at", "sp", "crd"] as const satisfies readonly MethodName[];

export const lambda: Study = {
  title: "The weight of the CMI",
  question:
    "Teachers fine-tuned with more and more weight λ of the CMI: where do their students gain, and " +
    "where does the teacher break?",

  plans: (recipe) => [
    ...recipe.lambdas.flatMap((value) => PROBES.map((name) => ofProbe(recipe, name, value))),
    ...recipe.maps.lambdas.flatMap((value) => METHODS.map((name) => ofTable(recipe, name, value))),
  ],

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const students = PROBES.map((name) => ({
      title: titles[name],
      plan: (value: number) => ofProbe(recipe, name, value),
      metric: probeMetric(recipe.probes[name]),
    }));
    const ofMethods = METHODS.map((method) => ({
      title: `student by ${method}, %`,
      plan: (value: number) => ofTable(recipe, method, value),
      metric: studentAccuracy,
    }));
    return [
      sweep("Teachers and students, mean ± standard error", outcomes, recipe.lambdas, students),
      gains("Gains over λ = 0 [95 %]", outcomes, recipe.lambdas, students),
      sweep(
        "Teachers of the table, and students by a method of each family",
        outcomes,
        recipe.maps.lambdas,
        ofMethods,
      ),
      gains("Gains of the table's over λ = 0 [95 %]", outcomes, recipe.maps.lambdas, ofMethods),
    ];
  },
};

interface Column {
  title: string;
  plan: (lambda: number) => Plan;
  metric: Metric;
}

/** Before those of its students. */
const teachers = ({ plan }: Column): Column[] => [
  { title: "teacher's test accuracy, %", plan, metric: teacherAccuracy },
  { title: "CMI of training images, nats", plan, metric: teacherCmi },
];

function sweep(
  title: string,
  outcomes: Outcomes,
  lambdas: readonly number[],
  students: readonly Column[],
): Section {
  const columns = [...teachers(students[0]!), ...students];
  return {
    title,
    text: [],
    table: {
      head: ["λ", ...columns.map((column) => column.title)],
      rows: lambdas.map((value) => [
        String(value),
        ...columns.map(({ plan, metric }) => show(outcomes, plan(value), metric)),
      ]),
    },
    charts: columns.map(({ title, plan, metric }) => ({
      kind: "lines",
      title,
      x: { name: "λ" },
      y: { name: title },
      series: [
        {
          name: "MCMI",
          points: lambdas.map((value) => ({
            x: value,
            estimate: estimate(outcomes, plan(value), metric),
          })),
        },
      ],
    })),
  };
}

function gains(
  title: string,
  outcomes: Outcomes,
  lambdas: readonly number[],
  students: readonly Column[],
): Section {
  const columns = [...teachers(students[0]!), ...students];
  return {
    title,
    text: [],
    table: {
      head: ["λ", ...columns.map((column) => column.title)],
      rows: lambdas
        .filter((value) => value !== 0)
        .map((value) => [
          String(value),
          ...columns.map(({ plan, metric }) => showGain(outcomes, [plan(value), plan(0)], metric)),
        ]),
    },
    charts: [],
  };
}

const ofProbe = (recipe: Recipe, name: (typeof PROBES)[number], value: number): Plan =>
  probe(recipe, name, fineTuned(recipe.teacher, recipe.fineTuning, { lambda: value }));

const ofTable = (recipe: Recipe, method: MethodName, value: number): Plan =>
  byMethod(recipe, mapsTeacher(recipe, value), method);
