import type { TeacherPlan } from "../pipeline/plan.ts";
import { mapsTeacher, type Recipe } from "../recipe.ts";

/** The teachers that are compared, in the order in which they are trained. */
export const TEACHERS = ["CE", "control", "MCMI"] as const;
export type TeacherName = (typeof TEACHERS)[number];

/** Those that MCMI is compared with. */
export const RIVALS = ["control", "CE"] as const satisfies readonly TeacherName[];

/** The one with feature maps. */
export const teacherOf = (recipe: Recipe, name: TeacherName): TeacherPlan =>
  name === "CE"
    ? recipe.maps.teacher
    : mapsTeacher(recipe, name === "MCMI" ? recipe.maps.lambda : 0);
