import type * as tf from "@tensorflow/tfjs-core";
import { hintLoss } from "kd-cmi";
import { hintRegressor } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { distil, plusCrossEntropy } from "./distil.ts";
import { allMaps, type LayerChoice, onBoth, shapeOf } from "./layers.ts";
import type { Method } from "./method.ts";

/** The second stage: RepDistiller's `hint_layer` 2, where the stem is 0. */
const hintLayer: LayerChoice = (network) => allMaps("hint")(network).slice(1, 2);

/** FitNet in one stage with cross-entropy, as in RepDistiller. The paper has a separate stage. */
export const hint: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, hintLayer);
  const regressor = hintRegressor({
    studentShape: shapeOf(setup.student, studentLayers[0]!),
    teacherShape: shapeOf(setup.teacher, teacherLayers[0]!),
    seed: layerSeed(setup.seed, "hint"),
  });
  return distil(setup, {
    teacherLayers,
    studentLayers,
    parts: [regressor],
    loss: plusCrossEntropy(setup, 100, ({ teacherFeatures, studentFeatures }) => {
      const regressed = regressor.apply(studentFeatures[0]!, { training: true }) as tf.Tensor;
      return hintLoss(teacherFeatures[0]!, regressed);
    }),
  });
};
