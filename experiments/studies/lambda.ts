import type { MethodName } from "../methods/index.ts";
import type { Outcomes } from "../outcomes.ts";
import { fineTuned, type Plan } from "../pipeline/plan.ts";
import { mapsTeacher, type Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { settingsOf, stepsText } from "../report/settings.ts";
import { byMethod } from "./by-method.ts";
import { byTeacher } from "./by-teacher.ts";
import * as metrics from "./metrics.ts";
import { PROBE_IDS, PROBES, type ProbeName, probe, probeTitles } from "./probes.ts";
import { ranking } from "./ranking.ts";
import type { Study } from "./study.ts";

/** One method of each family: outputs, feature maps, relations and contrast. */
const METHODS = ["kd", "at", "sp", "crd"] as const satisfies readonly MethodName[];

export const lambda: Study = {
  title: "The weight of the CMI",
  question:
    "Teachers fine-tuned with increasing weight λ of the CMI: where do their students gain, and where " +
    "does the teacher degrade?",

  plans(recipe) {
    const plans = [
      ...recipe.lambdas.flatMap((value) => PROBES.map((name) => ofProbe(recipe, name, value))),
      // λ = 0 is above.
      ...recipe.fixedLambdas
        .filter((value) => value > 0)
        .flatMap((value) => PROBES.map((name) => ofProbe(recipe, name, value, "fixed"))),
      ...recipe.maps.lambdas.flatMap((value) =>
        METHODS.map((name) => ofTable(recipe, name, value)),
      ),
    ];
    // A recipe may have the same teachers for both.
    return byTeacher(plans);
  },

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const students = (centroids?: "fixed") =>
      PROBES.map((name) => ({
        id: PROBE_IDS[name],
        title: titles[name],
        plan: (value: number) => ofProbe(recipe, name, value, centroids),
        metric: metrics.probeMetric(recipe.probes[name]),
      }));
    const ofMethods = METHODS.map((method) => ({
      id: `student-${method}`,
      title: `student by ${method}, ${stepsText(ofTable(recipe, method, 0))}, %`,
      plan: (value: number) => ofTable(recipe, method, value),
      metric: metrics.studentAccuracy,
    }));
    return [
      ...sweep(outcomes, {
        title: "Teachers and students, mean ± standard error",
        gains: "Gains over λ = 0 [95 % CI]",
        prefix: "",
        lambdas: recipe.lambdas,
        students: students(),
      }),
      ...sweep(outcomes, {
        title: "Teachers and students with fixed Q, mean ± standard error",
        gains: "Gains over λ = 0 with fixed Q [95 % CI]",
        prefix: "fixed-",
        lambdas: recipe.fixedLambdas,
        students: students("fixed"),
      }),
      ...sweep(outcomes, {
        title: "Teachers of the table, and students by one method of each family",
        gains: "Gains over λ = 0 with the teachers of the table [95 % CI]",
        prefix: "table-",
        lambdas: recipe.maps.lambdas,
        students: ofMethods,
      }),
    ];
  },
};

interface Column {
  /** Id of the column's chart. */
  id: string;
  title: string;
  plan: (lambda: number) => Plan;
  metric: metrics.Metric;
}

interface Sweep {
  title: string;
  gains: string;
  /** Of the charts' ids. */
  prefix: string;
  lambdas: readonly number[];
  students: readonly Column[];
}

/** The sections of a sweep, if a recipe has it. */
function sweep(outcomes: Outcomes, { title, gains, prefix, lambdas, students }: Sweep): Section[] {
  if (lambdas.length === 0) return [];
  const { plan } = students[0]!;
  const { teacherAccuracy, teacherCmi, estimate, show, showGain } = metrics;
  const columns: Column[] = [
    { id: "teacher-accuracy", title: "teacher's test accuracy, %", plan, metric: teacherAccuracy },
    { id: "teacher-cmi", title: "CMI of training images, nats", plan, metric: teacherCmi },
    ...students,
  ];
  const table = (values: readonly number[], cell: (column: Column, lambda: number) => string) => ({
    settings: settingsOf(values.flatMap((value) => students.map((one) => one.plan(value)))),
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
        id: `${prefix}${column.id}`,
        title: column.title,
        x: { name: "λ" },
        y: { name: column.title },
        series: [{ name: "MCMI", points: points(column) }],
      })),
      conclusion: students
        .map((column) => {
          const ways = points(column).map(({ x, estimate: { mean } }) => ({
            name: `λ = ${x}`,
            mean,
          }));
          return ranking(column.title, ways, column.metric.digits);
        })
        .join(" "),
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

/** Without CMI, λ = 0, there are no centroids. */
const ofProbe = (recipe: Recipe, name: ProbeName, value: number, centroids?: "fixed"): Plan =>
  probe(
    recipe,
    name,
    fineTuned(
      recipe.teacher,
      recipe.fineTuning,
      { lambda: value },
      value > 0 ? centroids : undefined,
    ),
  );

/** With the usual weight of each method. */
const ofTable = (recipe: Recipe, method: MethodName, value: number): Plan =>
  byMethod(recipe, mapsTeacher(recipe, value), method, 1);
