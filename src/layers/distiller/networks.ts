import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { applyLayer } from "../model/apply-layer.ts";
import { warnOfProbabilities } from "../model/classifier-output.ts";
import { outputsOf } from "../model/feature-extractor.ts";
import type { Links } from "../model/graph.ts";
import { modelOf } from "../model/path-outputs.ts";

/** Outputs of a network for a batch. */
export type Outputs = OutputsOf<tf.Tensor>;

/** Tensors, or other values in their places. */
export type OutputsOf<T> = {
  /** Undefined if there is no single output [N, …, C]. */
  logits: T | undefined;
  /** Outputs of the named layers, in their order; undefined if there are none. */
  features: T[] | undefined;
  /** All outputs by name. */
  named: Record<string, T>;
  /** Why one of these is absent, for error messages. */
  reasons: { logits: string; features: string };
};

export type Network = (inputs: tf.Tensor | tf.Tensor[], training: boolean) => Outputs;

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
  const reasons = reasonsOf(name);
  // Not outputNames, which a sequence has after its first call only.
  const names = model.outputs.map(({ sourceLayer }) => sourceLayer.name);
  return (inputs, training) => {
    const all = applyLayer(extractor, inputs, training);
    const outputs = all.slice(features.length);
    return {
      logits: singleOf(outputs),
      features: features.length > 0 ? all.slice(0, features.length) : undefined,
      named: byName(names, outputs),
      reasons,
    };
  };
}

/** Outputs with another value in each place. */
export const mapOutputs = <T, U>(
  { logits, features, named, reasons }: OutputsOf<T>,
  replace: (x: T) => U,
): OutputsOf<U> => ({
  logits: logits === undefined ? undefined : replace(logits),
  features: features?.map(replace),
  named: Object.fromEntries(Object.entries(named).map(([name, x]) => [name, replace(x)])),
  reasons,
});

/** Why logits or features of a model are absent. */
export const reasonsOf = (name: string): Outputs["reasons"] => ({
  logits: `but the ${name} must have a single output [batch,...,classes]`,
  features: `but no ${name}Layers were given`,
});

/** The logits if they are the only output. */
export function singleOf([output, ...others]: tf.Tensor[]): tf.Tensor | undefined {
  return output && output.rank >= 2 && others.length === 0 ? output : undefined;
}

/** Outputs by name. A name that occurs before, or that is missing, gets its position. */
export function byName(names: readonly string[], outputs: readonly tf.Tensor[]): tf.NamedTensorMap {
  const named: tf.NamedTensorMap = {};
  for (const [i, output] of outputs.entries()) {
    const name = names[i] ?? `${i}`;
    named[name in named ? `${name}_${i}` : name] = output;
  }
  return named;
}
