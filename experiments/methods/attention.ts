import { attentionTransferLoss } from "kd-cmi";
import { distil, plusCrossEntropy } from "./distil.ts";
import { allMaps, onBoth } from "./layers.ts";
import type { Method } from "./method.ts";

export const at: Method = (setup) =>
  distil(setup, {
    ...onBoth(setup, allMaps("at")),
    loss: plusCrossEntropy(setup, 1000, ({ teacherFeatures, studentFeatures }) =>
      attentionTransferLoss(teacherFeatures, studentFeatures),
    ),
  });
