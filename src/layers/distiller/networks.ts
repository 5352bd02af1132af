import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describeValue } from "../../internal/checks.ts";
import { applyLayer } from "../model/apply-layer.ts";
import { warnOfProbabilities } from "../model/classifier-output.ts";
import { outputsOf } from "../model/feature-extractor.ts";
import type { Links } from "../model/graph.ts";
import { modelOf } from "../model/path-outputs.ts";

/** Outputs of a network for a batch. */
export type Outputs = {
  /** The output of the model; undefined if it has no single output [N, …, C]. */
  logits: tf.Tensor | undefined;
  /** Outputs of the named layers, in their order. */
  features: tf.Tensor[];
};

export type Network = (inputs: tf.Tensor | tf.Tensor[], training: boolean) => Outputs;

/** A frozen model that maps inputs to logits, such as a `tf.GraphModel` converted from Python. */
export interface LogitsModel {
  predict(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;
}

/** A tfjs-layers model, whose layers have names. */
export function layersNetwork(
  fn: string,
  name: "teacher" | "student",
  model: tfl.LayersModel,
  layerNames: readonly string[],
): Network {
  warnOfProbabilities(fn, name, model);
  const links: Links = new Map();
  const features = layerNames.length > 0 ? outputsOf(fn, model, layerNames, links) : [];
  const extractor = modelOf(fn, model, [...features, ...model.outputs], links);
  return (inputs, training) => {
    const outputs = applyLayer(extractor, inputs, training);
    return {
      logits: logitsOf(outputs.slice(features.length)),
      features: outputs.slice(0, features.length),
    };
  };
}

/** Any other model, which has logits only. */
function logitsNetwork(fn: string, model: LogitsModel): Network {
  return (inputs) => {
    const output = model.predict(inputs);
    if (output === null || typeof output !== "object" || output instanceof Promise) {
      const expected = "a tensor or tensors";
      throw new Error(
        `${fn}: teacher.predict must return ${expected}, got ${describeValue(output)}`,
      );
    }
    const outputs = output instanceof tf.Tensor ? [output] : Object.values(output);
    return { logits: logitsOf(outputs), features: [] };
  };
}

/** The teacher's outputs, for either kind of model. */
export function teacherNetwork(
  fn: string,
  teacher: tfl.LayersModel | LogitsModel,
  layerNames: readonly string[],
): Network {
  if (teacher instanceof tfl.LayersModel) return layersNetwork(fn, "teacher", teacher, layerNames);
  if (typeof teacher?.predict !== "function") {
    const expected = "a tf.LayersModel or have a function predict";
    throw new Error(`${fn}: teacher must be ${expected}, got ${describeValue(teacher)}`);
  }
  if (layerNames.length > 0) {
    const reason = "any other teacher, such as a tf.GraphModel, has logits only";
    throw new Error(
      `${fn}: teacherLayers needs a tf.LayersModel, whose layers have names; ${reason}`,
    );
  }
  return logitsNetwork(fn, teacher);
}

function logitsOf([output, ...others]: tf.Tensor[]): tf.Tensor | undefined {
  return output && output.rank >= 2 && others.length === 0 ? output : undefined;
}
