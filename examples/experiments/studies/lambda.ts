import { fineTuned, type Recipe } from "../recipe.ts";
import { estimate, probeMetric, show, teacherAccuracy, teacherCmi } from "./metrics.ts";
import { PROBES, probe, probes, probeTitles } from "./probes.ts";
import type { Study } from "./study.ts";

export const lambda: Study = {
  title: "The weight of the CMI",
  question:
    "Teachers fine-tuned with more and more weight λ of the CMI: where do their students gain, and " +
    "where does the teacher break?",

  plans: (recipe) => recipe.lambdas.flatMap((value) => probes(recipe, teacher(recipe, value))),

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const any = (value: number) => probe(recipe, "fewImages", teacher(recipe, value));
    const line = (title: string, point: (value: number) => ReturnType<typeof estimate>) => ({
      kind: "lines" as const,
      title,
      x: { name: "λ" },
      y: { name: title },
      series: [
        {
          name: "MCMI",
          points: recipe.lambdas.map((value) => ({ x: value, estimate: point(value) })),
        },
      ],
    });
    const ofProbe = (name: (typeof PROBES)[number], value: number) =>
      [probe(recipe, name, teacher(recipe, value)), probeMetric(recipe.probes[name])] as const;
    return [
      {
        title: "Teachers and students, mean ± standard error",
        text: [],
        table: {
          head: ["λ", "teacher, %", "CMI, nats", ...PROBES.map((name) => titles[name])],
          rows: recipe.lambdas.map((value) => [
            String(value),
            show(outcomes, any(value), teacherAccuracy),
            show(outcomes, any(value), teacherCmi),
            ...PROBES.map((name) => show(outcomes, ...ofProbe(name, value))),
          ]),
        },
        charts: [
          line("teacher's test accuracy, %", (v) => estimate(outcomes, any(v), teacherAccuracy)),
          line("CMI of training images, nats", (v) => estimate(outcomes, any(v), teacherCmi)),
          ...PROBES.map((name) =>
            line(titles[name], (value) => estimate(outcomes, ...ofProbe(name, value))),
          ),
        ],
      },
    ];
  },
};

const teacher = (recipe: Recipe, value: number) =>
  fineTuned(recipe.teacher, recipe.fineTuning, { lambda: value });
