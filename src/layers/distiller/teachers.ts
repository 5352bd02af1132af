import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describeValue } from "../../internal/checks.ts";
import { inputsOf, isTensor, type TeacherTensors } from "../data/labelled-data.ts";
import {
  byName,
  layersNetwork,
  mapOutputs,
  type Outputs,
  reasonsOf,
  singleOf,
} from "./networks.ts";

/** A frozen model that maps inputs to logits, such as a `tf.GraphModel` converted from Python. */
export interface LogitsModel {
  predict(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] | tf.NamedTensorMap;
  /** Computes nodes by name, as a `tf.GraphModel`. Needed for `teacherLayers`. */
  execute?(inputs: tf.Tensor | tf.Tensor[], outputs: string[]): tf.Tensor | tf.Tensor[];
  /** Names of the outputs. */
  readonly outputNodes?: readonly string[];
}

/** Outputs of a teacher that is a function. */
export interface TeacherOutputs {
  /** float32 [N, C], or [N, …, C] for dense outputs and sequences. */
  logits?: tf.Tensor | undefined;
  /** Become `teacherFeatures`. */
  features?: readonly tf.Tensor[] | undefined;
  /** Outputs by name, if there are several. */
  outputs?: tf.NamedTensorMap | undefined;
}

/** What a {@link TeacherFunction} returns. */
export type TeacherResult =
  | tf.Tensor
  | TeacherOutputs
  | Promise<tf.Tensor>
  | Promise<TeacherOutputs>
  | Promise<tf.Tensor | TeacherOutputs>;

/**
 * A teacher as a function of the inputs: a tensor of any rank, or a list for a student with several inputs,
 * `(inputs: tf.Tensor | tf.Tensor[]) => …`. It returns logits or {@link TeacherOutputs}, or a promise of
 * these.
 */
// Of a method, since its parameters may be narrower, such as tf.Tensor4D.
export type TeacherFunction = { call(inputs: tf.Tensor): TeacherResult }["call"];

/** Anything that has the outputs of a teacher. */
export type Teacher = tfl.LayersModel | LogitsModel | TeacherFunction;

/** The teacher's outputs in inference mode, which the caller owns. */
export type TeacherNetwork = (inputs: tf.Tensor | tf.Tensor[]) => Outputs | Promise<Outputs>;

/** The network of a teacher of any kind. */
export function teacherNetwork(
  fn: string,
  teacher: Teacher | undefined,
  layerNames: readonly string[],
): TeacherNetwork {
  if (teacher instanceof tfl.LayersModel) {
    const network = layersNetwork(fn, "teacher", teacher, layerNames);
    return (inputs) => tf.tidy(() => copyOf(network(inputs, false)));
  }
  const isFunction = typeof teacher === "function";
  if (layerNames.length > 0 && (isFunction || !teacher)) {
    const got = isFunction ? "a function, which returns {logits, features}" : "no teacher";
    throw new Error(`${fn}: teacherLayers needs a tf.LayersModel or a tf.GraphModel, got ${got}`);
  }
  if (isFunction) return functionNetwork(fn, teacher as GeneralFunction);
  if (teacher === undefined) return () => NO_OUTPUTS;
  if (typeof teacher?.predict === "function") return graphNetwork(fn, teacher, layerNames);
  const expected = "a tf.LayersModel, have a function predict, or be a function of the inputs";
  throw new Error(`${fn}: teacher must be ${expected}, got ${describeValue(teacher)}`);
}

/** Outputs that the data carry, in place of those of a teacher. */
export const storedOutputs = ({ teacherLogits, teacherFeatures }: TeacherTensors): Outputs => ({
  logits: teacherLogits,
  features: teacherFeatures && [...teacherFeatures],
  named: teacherLogits ? { logits: teacherLogits } : {},
  reasons: {
    logits: "but the data have teacherFeatures only",
    features: "but the data have teacherLogits only",
  },
});

const NO_OUTPUTS: Outputs = {
  logits: undefined,
  features: undefined,
  named: {},
  reasons: {
    logits: "but there is no teacher, and the data have no teacherLogits",
    features: "but there is no teacher, and the data have no teacherFeatures",
  },
};

/** The outputs in new tensors, so that the caller may dispose of them. */
function copyOf(outputs: Outputs): Outputs {
  const copies = new Map<tf.Tensor, tf.Tensor>();
  return mapOutputs(outputs, (x) => {
    const copy = copies.get(x) ?? tf.clone(x);
    copies.set(x, copy);
    return copy;
  });
}

/** A model with `predict`, and `execute` if nodes are named. */
function graphNetwork(
  fn: string,
  model: LogitsModel,
  layerNames: readonly string[],
): TeacherNetwork {
  const { outputNodes = [] } = model;
  if (layerNames.length === 0) {
    return (inputs) =>
      tf.tidy(() => copyOf(outputsOfModel(outputNodes, predicted(fn, model.predict(inputs)))));
  }
  if (typeof model.execute !== "function") {
    const expected = "a tf.LayersModel or a tf.GraphModel, which has a function execute";
    throw new Error(`${fn}: teacherLayers needs ${expected}, got a teacher without`);
  }
  return (inputs) =>
    tf.tidy(() => {
      const nodes = [...layerNames, ...outputNodes];
      const all = predicted(fn, executed(fn, model, inputs, nodes)) as tf.Tensor[];
      const outputs = outputsOfModel(outputNodes, all.slice(layerNames.length));
      return copyOf({ ...outputs, features: all.slice(0, layerNames.length) });
    });
}

/** The values of nodes. Names the option if one is not in the graph. */
function executed(
  fn: string,
  model: LogitsModel,
  inputs: tf.Tensor | tf.Tensor[],
  nodes: string[],
): unknown {
  try {
    return model.execute?.(inputs, nodes);
  } catch (error) {
    const { message } = error as Error;
    if (!/not found in the graph/.test(message)) throw error;
    throw new Error(`${fn}: teacherLayers must be nodes of the graph: ${message}`, {
      cause: error,
    });
  }
}

/** The result of `predict` or `execute` as a list, or as an object by name. */
function predicted(fn: string, output: unknown): tf.Tensor[] | tf.NamedTensorMap {
  if (isTensor(output)) return [output];
  if (output === null || typeof output !== "object" || isPromise(output)) {
    const expected = "a tensor or tensors";
    const advice = isPromise(output) ? "; an asynchronous teacher is a function" : "";
    throw new Error(
      `${fn}: teacher.predict must return ${expected}, got ${describeValue(output)}${advice}`,
    );
  }
  return output as tf.Tensor[] | tf.NamedTensorMap;
}

function outputsOfModel(
  names: readonly string[],
  outputs: tf.Tensor[] | tf.NamedTensorMap,
): Outputs {
  const named = Array.isArray(outputs) ? byName(names, outputs) : outputs;
  const logits = singleOf(Object.values(named));
  return { logits, features: undefined, named, reasons: reasonsOf("teacher") };
}

type GeneralFunction = (inputs: tf.Tensor | tf.Tensor[]) => unknown;

/**
 * A function of the inputs. Of a synchronous one, all tensors but the result are disposed of. Those of an
 * asynchronous one are left to it, since it continues to use them, except for the result.
 */
function functionNetwork(fn: string, teacher: GeneralFunction): TeacherNetwork {
  return (inputs) => {
    const engine = tf.engine();
    engine.startScope();
    let outputs: Outputs | Promise<Outputs> | undefined;
    let kept: tf.Tensor[] | Outputs = [];
    try {
      const result = teacher(inputs);
      if (isPromise(result)) {
        kept = engine.state.activeScope.track;
        outputs = result.then((value) => {
          try {
            return returned(fn, inputs, value);
          } catch (error) {
            tf.dispose(value as tf.TensorContainer);
            throw error;
          }
        });
      } else {
        kept = copyOf(returned(fn, inputs, result));
        outputs = kept;
      }
      return outputs;
    } finally {
      engine.endScope(kept as tf.TensorContainer);
    }
  };
}

export const isPromise = (x: unknown): x is Promise<unknown> =>
  typeof Object(x).then === "function";

/** Checks what a function returned: tensors with a row for each sample. */
function returned(fn: string, inputs: tf.Tensor | tf.Tensor[], result: unknown): Outputs {
  const { logits, features, outputs, ...unknown }: Record<string, unknown> = isTensor(result)
    ? { logits: result }
    : Object(result);
  const named: unknown = outputs ?? (logits === undefined ? {} : { logits });
  const all = [...(logits === undefined ? [] : [logits]), ...[features ?? []].flat()];
  const isKnown =
    Object.keys(unknown).length === 0 && (features === undefined || Array.isArray(features));
  const every = [...all, ...Object.values(Object(named))];
  if (!isKnown || every.length === 0 || !every.every(isTensor)) {
    const expected = "logits or {logits, features}, features a list of tensors";
    throw new Error(`${fn}: the teacher must return ${expected}, got ${describeResult(result)}`);
  }
  const samples = inputsOf({ xs: inputs })[0]?.shape[0];
  const wrong = every.find((x) => x.shape[0] !== samples);
  if (wrong) {
    throw new Error(
      `${fn}: the teacher must return a row for each of ${samples} samples, got [${wrong.shape}]`,
    );
  }
  return {
    logits:
      (logits as tf.Tensor | undefined) ?? singleOf(Object.values(named as tf.NamedTensorMap)),
    features: features as tf.Tensor[] | undefined,
    named: named as tf.NamedTensorMap,
    reasons: {
      logits: "but the teacher returned no logits",
      features: "but the teacher returned no features",
    },
  };
}

function describeResult(result: unknown): string {
  const isObject = result !== null && typeof result === "object" && !Array.isArray(result);
  if (!isObject) return describeValue(result);
  const fields = Object.entries(result).map(([name, x]) => `${name}: ${describeValue(x)}`);
  return `{${fields.join(", ")}}`;
}
