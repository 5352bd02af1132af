import { fineTuned, type KdSettings, type TeacherPlan } from "../pipeline/plan.ts";
import { pairOf, type Recipe } from "../recipe.ts";

/** A teacher, and how its students by `kd` learn from it. */
export interface Contender {
  name: string;
  teacher: TeacherPlan;
  /** Replaces the recipe's settings of `kd`. */
  kd?: KdSettings;
  /** Compared where the claims are made, and not by each method or each set of classes. */
  isRival?: true;
}

/** The name of MCMI with centroids as in the authors' code. */
export const FIXED_Q = "MCMI, fixed Q";

/** The name of a student without a teacher. */
export const NO_TEACHER = "no teacher";

/** No teacher at all: the student learns from labels. */
export const ALONE: KdSettings = { temperature: 1, alpha: 0 };

/**
 * What the students of a recipe are compared by: control and MCMI, and if the recipe names rivals, these,
 * the teacher before the fine-tuning (CE) and a student without a teacher. Contenders with the same
 * teacher follow each other.
 *
 * @param kd The settings of the other students by `kd`.
 */
export function contenders(recipe: Recipe, kd: KdSettings): Contender[] {
  const { teacher, fineTuning, rivals } = recipe;
  const { control, MCMI } = pairOf(recipe);
  const pair = [
    { name: "control", teacher: control },
    { name: "MCMI", teacher: MCMI },
  ];
  if (!rivals) return pair;
  const { temperature, labelSmoothing, epoch, fixedLambda } = rivals;
  return [
    { name: NO_TEACHER, teacher, kd: ALONE },
    { name: "CE", teacher },
    { name: `CE, T = ${temperature}`, teacher, kd: { ...kd, temperature }, isRival: true },
    { name: `CE, epoch ${epoch}`, teacher: { ...teacher, epoch }, isRival: true },
    {
      name: `label smoothing ${labelSmoothing}`,
      teacher: fineTuned(teacher, fineTuning, { labelSmoothing }),
      isRival: true,
    },
    {
      name: FIXED_Q,
      teacher: fineTuned(teacher, fineTuning, { lambda: fixedLambda }, "fixed"),
      isRival: true,
    },
    ...pair,
  ];
}
