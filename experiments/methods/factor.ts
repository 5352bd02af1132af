import * as tf from "@tensorflow/tfjs-core";
import { factorTransferLoss } from "kd-cmi";
import { factorParaphraser, factorTranslator } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { distil, plusCrossEntropy } from "./distil.ts";
import { firstStageEpochs } from "./epochs.ts";
import { firstStage } from "./first-stage.ts";
import { extractor, lastMap, onBoth, shapeOf } from "./layers.ts";
import type { Method } from "./method.ts";

/**
 * Factor transfer of the last maps. First a paraphraser is trained to reconstruct the teacher's maps. Then
 * the student's translator is trained to match its factors.
 */
export const ft: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, lastMap("ft"));
  const teacherChannels = shapeOf(setup.teacher, teacherLayers[0]!)[2]!;
  const studentChannels = shapeOf(setup.student, studentLayers[0]!)[2]!;
  const seedOf = (name: string) => layerSeed(setup.seed, `ft ${name}`);
  const paraphraser = factorParaphraser({ teacherChannels, seed: seedOf("paraphraser") });
  const channels = { studentChannels, teacherChannels };
  const translator = factorTranslator({ ...channels, seed: seedOf("translator") });

  firstStage(setup, {
    name: "ft",
    epochs: firstStageEpochs(setup.epochs),
    teacherOutputs: extractor(setup.teacher, teacherLayers),
    loss([maps]) {
      const [, reconstructed] = paraphraser.apply(maps!) as tf.Tensor[];
      return tf.losses.meanSquaredError(maps!, reconstructed!);
    },
  });
  paraphraser.trainable = false;

  return distil(setup, {
    teacherLayers,
    studentLayers,
    parts: [paraphraser, translator],
    loss: plusCrossEntropy(setup, 200, ({ teacherFeatures, studentFeatures }) => {
      const [factors] = paraphraser.apply(teacherFeatures[0]!) as tf.Tensor[];
      const translated = translator.apply(studentFeatures[0]!, { training: true }) as tf.Tensor;
      return factorTransferLoss(factors!, translated);
    }),
  });
};
