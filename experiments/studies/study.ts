import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";

/** One of the thesis' experiments. */
export interface Study {
  title: string;
  /** What it asks and how. */
  question: string;
  /** The runs of a seed; those of a teacher follow each other. */
  plans(recipe: Recipe): Plan[];
  /** What came of them, for at least one seed. */
  sections(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Section[];
}
