import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { describe } from "../../internal/checks.ts";
import { readOptimizer } from "./optimizer-state.ts";
import type { TrainingState } from "./training-state.ts";

/** A tensor under the name that it has in a checkpoint. */
export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}

/** A tensor as the header of a checkpoint describes it. */
export interface Spec {
  name: string;
  dtype: "float32" | "int32" | "bool";
  shape: number[];
}

/** The state of an optimizer, with its tensors in the form T. */
export interface OptimizerState<T> {
  className: string;
  /** What does not change in training. */
  config: Record<string, unknown>;
  iterations: number;
  learningRate: number;
  scalars: T[];
  lists: Record<string, T[]>;
}

/** Everything in a checkpoint, with its tensors in the form T. */
export interface Contents<T> {
  models: Record<string, T[]>;
  optimizer?: OptimizerState<T>;
  tensors: T[];
  values: Record<string, unknown>;
}

/** Contents with tensors in another form; f sees them in the order of the payload. */
export function mapContents<A, B>(
  { models, optimizer, tensors, values }: Contents<A>,
  f: (tensor: A) => B,
): Contents<B> {
  const mapLists = (lists: Record<string, A[]>) =>
    Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.map((x) => f(x))]));
  return {
    models: mapLists(models),
    ...(optimizer && {
      optimizer: {
        ...optimizer,
        scalars: optimizer.scalars.map((x) => f(x)),
        lists: mapLists(optimizer.lists),
      },
    }),
    tensors: tensors.map((x) => f(x)),
    values,
  };
}

/** What there is to save of a state: its own tensors, no copies. */
export function contentsOf(fn: string, state: TrainingState): Contents<NamedTensor> {
  const { models, optimizer, tensors = {}, values = {} } = state;
  const named = Object.entries(tensors).map(([name, tensor]) => ({ name, tensor }));
  const weights = Object.entries(models).map(([name, model]) => [name, weightsOf(model)]);
  return {
    models: Object.fromEntries(weights),
    ...(optimizer && { optimizer: readOptimizer(fn, optimizer) }),
    tensors: named,
    values,
  };
}

/**
 * All weights by the order of the layers: that of `model.weights` changes when a layer is frozen.
 * The end of their names alone, since tfjs counts the layers of a program: dense_Dense7/kernel.
 */
function weightsOf(model: tfl.LayersModel): NamedTensor[] {
  const leaves = (layer: tfl.layers.Layer): tfl.layers.Layer[] => {
    const { layers } = layer as { layers?: tfl.layers.Layer[] };
    return layers ? layers.flatMap(leaves) : [layer];
  };
  return [...new Set(leaves(model).flatMap(({ weights }) => weights))].map((weight) => ({
    name: weight.originalName.split("/").at(-1)!,
    tensor: weight.read(),
  }));
}

/** The description of a tensor. */
export function specOf(fn: string, { name, tensor }: NamedTensor): Spec {
  const { dtype, shape } = tensor;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
    const expected = "float32, int32 or bool";
    throw new Error(`${fn}: state.tensors.${name} must be ${expected}, got ${describe(tensor)}`);
  }
  return { name, dtype, shape };
}
