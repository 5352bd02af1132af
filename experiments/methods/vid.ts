import * as tf from "@tensorflow/tfjs-core";
import { vidLoss } from "kd-cmi";
import { vidLogScale, vidRegressor } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { distil, plusCrossEntropy } from "./distil.ts";
import { allMaps, onBoth, shapeOf } from "./layers.ts";
import type { Method } from "./method.ts";

/** VID with a regressor for each stage. */
export const vid: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, allMaps("vid"));
  const regressors = studentLayers.map((layer, i) =>
    vidRegressor({
      studentChannels: shapeOf(setup.student, layer).at(-1)!,
      teacherChannels: shapeOf(setup.teacher, teacherLayers[i]!).at(-1)!,
      seed: layerSeed(setup.seed, `vid ${i}`),
    }),
  );
  return distil(setup, {
    teacherLayers,
    studentLayers,
    parts: regressors,
    loss: plusCrossEntropy(setup, 1, ({ teacherFeatures, studentFeatures }) => {
      const losses = regressors.map((regressor, i) => {
        const regressed = regressor.apply(studentFeatures[i]!) as tf.Tensor;
        return vidLoss(teacherFeatures[i]!, regressed, vidLogScale(regressor));
      });
      return tf.addN(losses);
    }),
  });
};
