import { type MethodName, methods } from "../methods/index.ts";
import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import { ALONE } from "./contenders.ts";

/** The methods of the table. */
export const methodsOf = ({ maps }: Recipe): readonly MethodName[] =>
  maps.methods ?? (Object.keys(methods) as MethodName[]);

/** The factor of a method's usual weight. */
export const strengthOf = ({ maps }: Recipe, method: MethodName): number =>
  maps.weights?.factors[method]?.chosen ?? 1;

/**
 * A student distilled by any of the methods from a teacher with feature maps.
 *
 * @param strength Default the recipe's.
 */
export function byMethod(
  recipe: Recipe,
  teacher: TeacherPlan,
  method: MethodName,
  strength = strengthOf(recipe, method),
): Plan {
  const { student: network, share, schedule } = recipe.maps;
  return {
    images: recipe.images,
    teacher,
    student: {
      network,
      method,
      ...(strength !== 1 && { strength }),
      share,
      removed: [],
      schedule,
    },
  };
}

/** The same student without a teacher. The plan names one, which does not matter. */
export function withoutTeacher(recipe: Recipe, teacher = recipe.maps.teacher): Plan {
  const { student, ...plan } = byMethod(recipe, teacher, "kd");
  return { ...plan, student: { ...student!, kd: ALONE } };
}
