import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";

export const PROBES = ["fewImages", "withoutClass"] as const;
export type ProbeName = (typeof PROBES)[number];

/** Chart ids of the probes. */
export const PROBE_IDS: Record<ProbeName, string> = {
  fewImages: "few-images",
  withoutClass: "without-class",
};

/** A student that probes a teacher. */
export function probe(
  recipe: Recipe,
  name: ProbeName,
  teacher: TeacherPlan,
  temperature = recipe.probes[name].kd.temperature,
): Plan {
  const { kd, ...rest } = recipe.probes[name];
  const student = {
    network: recipe.student,
    method: "kd" as const,
    kd: { ...kd, temperature },
    ...rest,
  };
  return { images: recipe.images, teacher, student };
}

export const probes = (recipe: Recipe, teacher: TeacherPlan): Plan[] =>
  PROBES.map((name) => probe(recipe, name, teacher));

/** Headings for the probes of a recipe. */
export function probeTitles({ probes }: Recipe, classNames: readonly string[]) {
  const { fewImages, withoutClass } = probes;
  const removed = withoutClass.removed.map((c) => classNames[c]);
  return {
    fewImages: `student with ${100 * fewImages.share} % of the images, %`,
    withoutClass: `student without ${removed}: accuracy on ${removed}, %`,
  };
}
