import * as customLoop from "./fit/custom-loop.ts";
import * as distillWithDistiller from "./fit/distill-with-distiller.ts";
import * as fitMcmiTeacher from "./fit/fit-mcmi-teacher.ts";
import * as graphModelTeacher from "./fit/graph-model-teacher.ts";
import * as attention from "./losses/attention.ts";
import * as contrast from "./losses/contrast.ts";
import * as logits from "./losses/logits.ts";
import * as relations from "./losses/relations.ts";
import * as review from "./losses/review.ts";
import * as vid from "./losses/vid.ts";

/** A program for each family of losses. */
export const lossPrograms = { logits, attention, relations, contrast, vid, review };

/** Programs that show ways to train: tfjs-layers, the Distiller and a custom loop. */
export const fitPrograms = {
  "fit-mcmi-teacher": fitMcmiTeacher,
  "distill-with-distiller": distillWithDistiller,
  "graph-model-teacher": graphModelTeacher,
  "custom-loop": customLoop,
};

export const programs = { ...lossPrograms, ...fitPrograms };
