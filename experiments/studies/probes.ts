import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import { stepsText } from "../report/settings.ts";

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

/** Describes a student with few images: "kd, 5 % of the images, 1,280 steps". */
export function withFewImages(plan: Plan): string {
  const { method, share } = plan.student!;
  return `${method}, ${100 * share} % of the images, ${stepsText(plan)}`;
}

/** Describes a probe in the same words for every data set. */
export const probeText = (recipe: Recipe, name: ProbeName): string => {
  const plan = probe(recipe, name, recipe.teacher);
  return name === "fewImages" ? withFewImages(plan) : `kd, one class removed, ${stepsText(plan)}`;
};

/** Names the probes of a recipe and their accuracy, whatever their steps. */
export function probeNames(recipe: Recipe, classNames: readonly string[]) {
  const { fewImages, withoutClass } = recipe.probes;
  const removed = withoutClass.removed.map((c) => classNames[c]);
  return {
    fewImages: `student with ${100 * fewImages.share} % of the images`,
    withoutClass: `student without ${removed}: accuracy on ${removed}`,
  };
}

/** Headings for the probes of a recipe. */
export function probeTitles(recipe: Recipe, classNames: readonly string[]) {
  const { fewImages, withoutClass } = probeNames(recipe, classNames);
  const steps = stepsText(probe(recipe, "fewImages", recipe.teacher));
  return { fewImages: `${fewImages}, ${steps}, %`, withoutClass: `${withoutClass}, %` };
}
