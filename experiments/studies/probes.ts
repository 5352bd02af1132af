import type { Plan, TeacherPlan } from "../plan.ts";
import type { Recipe } from "../recipe.ts";

export const PROBES = ["fewImages", "withoutClass"] as const;
export type ProbeName = (typeof PROBES)[number];

/** A student that shows what a teacher is worth. */
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

/** What the probes of a recipe are, for headings. */
export function probeTitles({ probes }: Recipe, classNames: readonly string[]) {
  const { fewImages, withoutClass } = probes;
  return {
    fewImages: `student of ${100 * fewImages.share} % of the images, %`,
    withoutClass: `student without ${withoutClass.removed.map((c) => classNames[c])}, on it, %`,
  };
}
