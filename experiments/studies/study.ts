import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import type { Effect } from "./effect.ts";

/** One of the thesis' experiments. */
export interface Study {
  title: string;
  /** Its question and its method. */
  question: string;
  /** The runs of a seed. Those with the same teacher follow each other. */
  plans(recipe: Recipe): Plan[];
  /** The results of at least one seed. */
  sections(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Section[];
  /** What the summary of all experiments shows of them. */
  effects?(outcomes: Outcomes, recipe: Recipe): Effect[];
}
