import { flatGroup } from "d3-array";
import type { Plan } from "../pipeline/plan.ts";

/** The plans in an order in which those of the same teacher follow each other. */
export const byTeacher = (plans: readonly Plan[]): Plan[] =>
  flatGroup(plans, ({ teacher }) => JSON.stringify(teacher)).flatMap(([, same]) => same);
