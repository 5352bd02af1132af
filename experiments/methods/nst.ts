import { nstLoss } from "kd-cmi";
import { distil, plusCrossEntropy } from "./distil.ts";
import { allMaps, onBoth } from "./layers.ts";
import type { Method } from "./method.ts";

export const nst: Method = (setup) =>
  distil(setup, {
    ...onBoth(setup, allMaps("nst")),
    loss: plusCrossEntropy(setup, 50, ({ teacherFeatures, studentFeatures }) =>
      nstLoss(teacherFeatures, studentFeatures),
    ),
  });
