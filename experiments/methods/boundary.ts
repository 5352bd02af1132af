import type * as tf from "@tensorflow/tfjs-core";
import { activationBoundaryLoss } from "kd-cmi";
import { boundaryConnector } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { crossEntropy, distil } from "./distil.ts";
import { firstStageEpochs } from "./epochs.ts";
import { firstStage } from "./first-stage.ts";
import { allMaps, beforeRelu, extractor, type LayerChoice, onBoth, shapeOf } from "./layers.ts";
import type { Method } from "./method.ts";

const preactivations: LayerChoice = (network) =>
  allMaps("ab")(network).map((map) => beforeRelu(network, map));

/** As in RepDistiller: a first stage with the loss alone, then cross-entropy alone. */
export const ab: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, preactivations);
  const student = extractor(setup.student, studentLayers, { training: true });
  const connectors = studentLayers.map((layer, i) =>
    connector(
      shapeOf(setup.student, layer),
      shapeOf(setup.teacher, teacherLayers[i]!),
      layerSeed(setup.seed, `ab ${i}`),
    ),
  );

  firstStage(setup, {
    name: "ab",
    epochs: firstStageEpochs(setup.epochs),
    teacherOutputs: extractor(setup.teacher, teacherLayers),
    loss(teacherMaps, { inputs }) {
      const connected = student(inputs).map((maps, i) => connectors[i]!.connect(maps));
      return activationBoundaryLoss(teacherMaps, connected);
    },
  });
  for (const { dispose } of connectors) dispose();
  return distil(setup, { loss: crossEntropy });
};

/** A convolution with batch normalisation to the teacher's shape, or the identity if the shapes are equal. */
function connector(studentShape: readonly number[], teacherShape: readonly number[], seed: number) {
  if (`${studentShape}` === `${teacherShape}`) {
    return { connect: (maps: tf.Tensor) => maps, dispose: () => {} };
  }
  const model = boundaryConnector({ studentShape, teacherShape, seed });
  return {
    connect: (maps: tf.Tensor) => model.apply(maps, { training: true }) as tf.Tensor,
    dispose: () => model.dispose(),
  };
}
