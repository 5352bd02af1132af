import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { warnOfProbabilities } from "../model/classifier-output.ts";
import { outputsOf } from "../model/feature-extractor.ts";

/** What a network gives for a batch. */
export type Outputs = {
  /** The output of the model; undefined where it has none of rank 2. */
  logits: tf.Tensor2D | undefined;
  /** Of the layers that were named, in their order. */
  features: tf.Tensor[];
};

export type Network = (inputs: tf.Tensor | tf.Tensor[], training: boolean) => Outputs;

/** A frozen model that maps inputs to logits, such as a `tf.GraphModel` converted from Python. */
export interface LogitsModel {
  predict(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;
}

/** A tfjs-layers model, which knows its layers by name. */
export function layersNetwork(
  name: "teacher" | "student",
  model: tfl.LayersModel,
  layerNames: readonly string[],
): Network {
  warnOfProbabilities("Distiller", name, model);
  const features = layerNames.length > 0 ? outputsOf("Distiller", model, layerNames) : [];
  const extractor = tfl.model({ inputs: model.inputs, outputs: [...features, ...model.outputs] });
  return (inputs, training) => {
    const outputs = [extractor.apply(inputs, { training })].flat() as tf.Tensor[];
    const [output, ...others] = outputs.slice(features.length);
    const hasLogits = others.length === 0 && output!.rank === 2;
    return {
      logits: hasLogits ? (output as tf.Tensor2D) : undefined,
      features: outputs.slice(0, features.length),
    };
  };
}

/** Any other model, which has nothing but its output. */
function logitsNetwork(model: LogitsModel): Network {
  return (inputs) => {
    const output = model.predict(inputs);
    const tensors = output instanceof tf.Tensor ? [output] : Object.values(output);
    const logits = tensors.length === 1 && tensors[0]!.rank === 2 ? tensors[0] : undefined;
    return { logits: logits as tf.Tensor2D | undefined, features: [] };
  };
}

/** The teacher's outputs, whichever of the two it is. */
export function teacherNetwork(
  teacher: tfl.LayersModel | LogitsModel,
  layerNames: readonly string[],
): Network {
  if (teacher instanceof tfl.LayersModel) return layersNetwork("teacher", teacher, layerNames);
  if (typeof teacher?.predict !== "function") {
    throw new Error("Distiller: teacher must be a tf.LayersModel or have a function predict");
  }
  if (layerNames.length > 0) {
    throw new Error(
      "Distiller: teacherLayers needs a tf.LayersModel, whose layers have names; any other teacher, such as a tf.GraphModel, gives logits only",
    );
  }
  return logitsNetwork(teacher);
}
