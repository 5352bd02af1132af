import type { MethodName } from "../methods/index.ts";
import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";

/** A student distilled by any of the methods from a teacher with feature maps. */
export function byMethod({ images, maps }: Recipe, teacher: TeacherPlan, method: MethodName): Plan {
  const { student: network, share, schedule } = maps;
  return { images, teacher, student: { network, method, share, removed: [], schedule } };
}
