import type { Plan } from "../pipeline/plan.ts";
import { pairOf, type Recipe } from "../recipe.ts";
import { stepsText, studentSteps } from "../report/settings.ts";
import { comparison, rowOf } from "./comparison.ts";
import { effectOf, scaleOf } from "./effect.ts";
import { estimate, probeMetric } from "./metrics.ts";
import { PROBE_IDS, PROBES, type ProbeName, probe, probeNames, probeText } from "./probes.ts";
import type { Study } from "./study.ts";
import { RIVALS, TEACHERS, type TeacherName } from "./teachers.ts";

export const steps: Study = {
  title: "The number of steps",
  question:
    "Students that train for longer on the same images: does the gain of MCMI change, and do they recognise " +
    "a class that they never saw?",

  plans: plansOf,

  sections(outcomes, recipe, classNames) {
    const titles = probeNames(recipe, classNames);
    return PROBES.flatMap((name) => {
      const metric = probeMetric(recipe.probes[name]);
      const title = `${titles[name].replace("student", "Student")}, %`;
      const stepsOf = (factor: number) => stepsText(plan(recipe, name, "MCMI", factor));
      return comparison({
        title,
        gains: `Gains: ${title}`,
        first: "steps",
        names: TEACHERS,
        plans: plansOf(recipe).filter(
          ({ student }) => student!.removed === recipe.probes[name].removed,
        ),
        rows: recipe.lengths.map((factor) =>
          rowOf(
            outcomes,
            stepsOf(factor),
            (teacher) => plan(recipe, name, teacher as TeacherName, factor),
            metric,
          ),
        ),
        charts: [
          {
            kind: "lines",
            id: PROBE_IDS[name],
            title: `${title}, from ${stepsOf(Math.min(...recipe.lengths))} on`,
            x: { name: "steps", log: true },
            y: { name: metric.name },
            series: TEACHERS.map((teacher) => ({
              name: teacher,
              points: recipe.lengths.map((factor) => ({
                x: studentSteps(plan(recipe, name, teacher, factor)),
                estimate: estimate(outcomes, plan(recipe, name, teacher, factor), metric),
              })),
            })),
          },
        ],
      });
    });
  },

  effects: (outcomes, recipe) =>
    PROBES.flatMap((name) =>
      recipe.lengths.flatMap((factor) =>
        RIVALS.map((baseline) => {
          const metric = probeMetric(recipe.probes[name]);
          const pair = [
            plan(recipe, name, "MCMI", factor),
            plan(recipe, name, baseline, factor),
          ] as const;
          return effectOf(outcomes, pair, metric, {
            scale: scaleOf(metric),
            what: probeText(stretched(recipe, factor), name),
            baseline,
          });
        }),
      ),
    ),
};

function plansOf(recipe: Recipe): Plan[] {
  return TEACHERS.flatMap((teacher) =>
    PROBES.flatMap((name) => recipe.lengths.map((factor) => plan(recipe, name, teacher, factor))),
  );
}

function plan(recipe: Recipe, name: ProbeName, teacher: TeacherName, factor: number): Plan {
  const teachers = { CE: recipe.teacher, ...pairOf(recipe) };
  return probe(stretched(recipe, factor), name, teachers[teacher]);
}

/** The recipe with probes of a multiple of their epochs. */
function stretched(recipe: Recipe, factor: number): Recipe {
  const { fewImages, withoutClass } = recipe.probes;
  const of = (one: typeof fewImages) => ({
    ...one,
    schedule: { ...one.schedule, epochs: factor * one.schedule.epochs },
  });
  return { ...recipe, probes: { fewImages: of(fewImages), withoutClass: of(withoutClass) } };
}
