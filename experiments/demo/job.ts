import type { Run } from "../common/jobs.ts";
import type { Dataset } from "../data/images.ts";
import type { Recipe } from "./recipe.ts";
import type { SeedResult } from "./seed.ts";

/** One seed's work, as it is sent to another process or to a page. */
export interface Job {
  backend: string;
  data: Dataset;
  recipe: Recipe;
  seed: number;
}

export type RunJob = Run<Job, SeedResult>;
