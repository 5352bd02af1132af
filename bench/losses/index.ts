import type { Comparisons } from "./comparison.ts";
import { contrast } from "./contrast.ts";
import { features } from "./features.ts";
import { logits } from "./logits.ts";
import { relations } from "./relations.ts";
import { teachers } from "./teachers.ts";

const BATCH = 64;

/** Every loss that is measured, for a batch of 64. */
export const comparisons: Comparisons = {
  ...teachers(BATCH),
  ...logits(BATCH),
  ...features,
  ...relations,
  ...contrast,
};

/** The losses of logits, for a batch of any size. */
export const comparisonsOfLogits = (batch: number): Comparisons => ({
  ...teachers(batch),
  ...logits(batch),
});
