import type { Comparisons } from "./comparison.ts";
import { contrast } from "./contrast.ts";
import { features } from "./features.ts";
import { logits } from "./logits.ts";
import { relations } from "./relations.ts";
import { teachers } from "./teachers.ts";

/** Every loss that is measured. */
export const comparisons: Comparisons = {
  ...teachers,
  ...logits,
  ...features,
  ...relations,
  ...contrast,
};
