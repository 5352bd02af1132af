import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { factorTransferLoss } from "kd-cmi";
import { distil, plusCrossEntropy } from "./distil.ts";
import { firstStageEpochs } from "./epochs.ts";
import { firstStage } from "./first-stage.ts";
import { extractor, lastMap, onBoth, shapeOf } from "./layers.ts";
import type { Method } from "./method.ts";
import { seeded } from "./seeded.ts";

/** Channels of the factors as a share of the teacher's channels, as in RepDistiller. */
const RATE = 0.5;

/**
 * Factor transfer of the last maps. First a paraphraser, an encoder with a decoder, is trained to
 * reconstruct the teacher's maps. Then the student's translator is trained to match the encoder's output.
 */
export const ft: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, lastMap("ft"));
  const teacherShape = shapeOf(setup.teacher, teacherLayers[0]!);
  const studentShape = shapeOf(setup.student, studentLayers[0]!);
  const [height, width, wide] = teacherShape as [number, number, number];
  const factors = Math.floor(RATE * wide);
  const encoder = convolutions("conv2d", teacherShape, [wide, factors, factors]);
  const decoder = convolutions("conv2dTranspose", [height, width, factors], [factors, wide, wide]);
  const translator = convolutions("conv2d", studentShape, [studentShape[2]!, factors, factors], {
    normalized: true,
  });
  for (const [name, part] of Object.entries({ encoder, decoder, translator })) {
    seeded(part, setup.seed, `ft ${name}`);
  }

  firstStage(setup, {
    name: "ft",
    epochs: firstStageEpochs(setup.epochs),
    teacherOutputs: extractor(setup.teacher, teacherLayers),
    loss([maps]) {
      const paraphrased = decoder.apply(encoder.apply(maps!)) as tf.Tensor;
      return tf.losses.meanSquaredError(maps!, paraphrased);
    },
  });
  decoder.dispose();

  return distil(setup, {
    teacherLayers,
    studentLayers,
    parts: [encoder, translator],
    loss: plusCrossEntropy(200, ({ teacherFeatures, studentFeatures }) => {
      const paraphrased = encoder.apply(teacherFeatures[0]!) as tf.Tensor;
      const translated = translator.apply(studentFeatures[0]!, { training: true }) as tf.Tensor;
      return factorTransferLoss(paraphrased, translated);
    }),
  });
};

/** 3×3 convolutions with leaky ReLU that preserve the size of the maps. */
function convolutions(
  kind: "conv2d" | "conv2dTranspose",
  inputShape: number[],
  filters: readonly number[],
  { normalized = false } = {},
): tfl.LayersModel {
  const layers = filters.flatMap((filters) => [
    tfl.layers[kind]({ filters, kernelSize: 3, padding: "same" }),
    ...(normalized ? [tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 })] : []),
    tfl.layers.leakyReLU({ alpha: 0.1 }),
  ]);
  return tfl.sequential({ layers: [tfl.layers.inputLayer({ inputShape }), ...layers] });
}
