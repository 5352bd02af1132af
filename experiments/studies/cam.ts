import type { Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import { comparison, rowOf } from "./comparison.ts";
import { effectOf } from "./effect.ts";
import { type Metric, teacherAccuracy, teacherCmi } from "./metrics.ts";
import type { Study } from "./study.ts";
import { RIVALS, TEACHERS, type TeacherName, teacherOf } from "./teachers.ts";

const coverage: Metric = {
  name: "coverage of the maps, %",
  digits: 2,
  of: ({ maps }) => 100 * maps!.coverage,
};
const divergence: Metric = {
  name: "I(X;S|Y) of the maps, nats",
  digits: 4,
  of: ({ maps }) => maps!.cmi,
};
const METRICS: Metric[] = [
  coverage,
  divergence,
  { name: "mean pairwise JS of the maps, nats", digits: 4, of: ({ maps }) => maps!.divergence! },
  { ...teacherAccuracy, name: "teacher's test accuracy, %" },
  { ...teacherCmi, name: "CMI of training images, nats" },
];

export const cam: Study = {
  title: "Class-activation maps of the teachers",
  question:
    "Eigen-CAM of test images. A teacher that captures more of a class's context is expected to cover " +
    "more of an image (coverage), with more similar maps within a class (smaller divergences).",

  plans: plansOf,

  sections: (outcomes, recipe) =>
    comparison({
      title: "Scores of the class clusters",
      gains: "Differences of the scores",
      first: "",
      names: TEACHERS,
      plans: plansOf(recipe),
      rows: METRICS.map((metric) =>
        rowOf(outcomes, metric.name, (name) => plan(recipe, name as TeacherName), metric),
      ),
      charts: [],
    }),

  effects: (outcomes, recipe) =>
    RIVALS.flatMap((baseline) => {
      const pair = [plan(recipe, "MCMI"), plan(recipe, baseline)] as const;
      return [
        effectOf(outcomes, pair, coverage, {
          scale: "coverage",
          what: "coverage of the maps",
          baseline,
        }),
        effectOf(outcomes, pair, divergence, {
          scale: "divergence",
          what: "divergence of the maps in a class",
          baseline,
        }),
      ];
    }),
};

function plansOf(recipe: Recipe): Plan[] {
  return TEACHERS.map((name) => plan(recipe, name));
}

function plan(recipe: Recipe, name: TeacherName): Plan {
  const { images, maps } = recipe;
  return {
    images,
    teacher: teacherOf(recipe, name),
    maps: { layer: maps.layer, images: maps.images },
  };
}
