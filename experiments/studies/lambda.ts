import type { MethodName } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../plan.ts";
import { fineTuned, mapsTeacher, type Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { byMethod } from "./by-method.ts";
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
import { PROBES, type ProbeName, probe, probeTitles } from "./probes.ts";
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
      ...sweep(outcomes, {
        title: "Teachers and students, mean ± standard error",
        gains: "Gains over λ = 0 [95 %]",
        lambdas: recipe.lambdas,
        students,
      }),
      ...sweep(outcomes, {
        title: "Teachers of the table, and students by a method of each family",
        gains: "Gains of the table's over λ = 0 [95 %]",
        lambdas: recipe.maps.lambdas,
        students: ofMethods,
      }),
    ];
  },
};

interface Column {
  title: string;
  plan: (lambda: number) => Plan;
  metric: Metric;
}

interface Sweep {
  title: string;
  gains: string;
  lambdas: readonly number[];
  students: readonly Column[];
}

function sweep(outcomes: Outcomes, { title, gains, lambdas, students }: Sweep): Section[] {
  const { plan } = students[0]!;
  const columns: Column[] = [
    { title: "teacher's test accuracy, %", plan, metric: teacherAccuracy },
    { title: "CMI of training images, nats", plan, metric: teacherCmi },
    ...students,
  ];
  const table = (values: readonly number[], cell: (column: Column, lambda: number) => string) => ({
    head: ["λ", ...columns.map((column) => column.title)],
    rows: values.map((value) => [String(value), ...columns.map((column) => cell(column, value))]),
  });
  const points = ({ plan, metric }: Column) =>
    lambdas.map((value) => ({ x: value, estimate: estimate(outcomes, plan(value), metric) }));
  return [
    {
      title,
      text: [],
      table: table(lambdas, ({ plan, metric }, value) => show(outcomes, plan(value), metric)),
      charts: columns.map((column) => ({
        kind: "lines",
        title: column.title,
        x: { name: "λ" },
        y: { name: column.title },
        series: [{ name: "MCMI", points: points(column) }],
      })),
    },
    {
      title: gains,
      text: [],
      table: table(
        lambdas.filter((value) => value !== 0),
        ({ plan, metric }, value) => showGain(outcomes, [plan(value), plan(0)], metric),
      ),
      charts: [],
    },
  ];
}

const ofProbe = (recipe: Recipe, name: ProbeName, value: number): Plan =>
  probe(recipe, name, fineTuned(recipe.teacher, recipe.fineTuning, { lambda: value }));

const ofTable = (recipe: Recipe, method: MethodName, value: number): Plan =>
  byMethod(recipe, mapsTeacher(recipe, value), method);
