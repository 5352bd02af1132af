import type { Subject } from "./case.ts";
import { contrastSubjects } from "./contrast.ts";
import { featureSubjects } from "./features.ts";
import { logitSubjects } from "./logits.ts";
import { relationSubjects } from "./relations.ts";

export const subjects: readonly Subject[] = [
  ...logitSubjects,
  ...featureSubjects,
  ...relationSubjects,
  ...contrastSubjects,
];
