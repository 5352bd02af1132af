import * as fitMcmiTeacher from "../fit/mcmi-teacher.ts";
import * as attention from "./attention.ts";
import * as contrast from "./contrast.ts";
import * as logits from "./logits.ts";
import * as relations from "./relations.ts";
import * as review from "./review.ts";
import * as vid from "./vid.ts";

/** A program for each family of losses. */
export const programs = { logits, attention, relations, contrast, vid, review };

/** Programs that leave the training loop to tfjs-layers. */
export const fitPrograms = { "fit-mcmi-teacher": fitMcmiTeacher };
