import type { MethodName } from "../methods/index.ts";
import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import { ALONE } from "./contenders.ts";

/** A student distilled by any of the methods from a teacher with feature maps. */
export function byMethod({ images, maps }: Recipe, teacher: TeacherPlan, method: MethodName): Plan {
  const { student: network, share, schedule } = maps;
  return { images, teacher, student: { network, method, share, removed: [], schedule } };
}

/** The same student without a teacher. */
export function withoutTeacher(recipe: Recipe): Plan {
  const { student, ...plan } = byMethod(recipe, recipe.maps.teacher, "kd");
  return { ...plan, student: { ...student!, kd: ALONE } };
}
