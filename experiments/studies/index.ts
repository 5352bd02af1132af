import { cam } from "./cam.ts";
import { earlyStop } from "./early-stop.ts";
import { fewShot } from "./few-shot.ts";
import { lambda } from "./lambda.ts";
import { regularizers } from "./regularizers.ts";
import { steps } from "./steps.ts";
import type { Study } from "./study.ts";
import { table } from "./table.ts";
import { temperature } from "./temperature.ts";
import { weights } from "./weights.ts";
import { zeroShot } from "./zero-shot.ts";

export type { Study } from "./study.ts";

/** The experiments by their names on the command line. */
export const studies = {
  temperature,
  weights,
  table,
  "few-shot": fewShot,
  "zero-shot": zeroShot,
  lambda,
  steps,
  "early-stop": earlyStop,
  regularizers,
  cam,
} satisfies Record<string, Study>;

export type StudyName = keyof typeof studies;
