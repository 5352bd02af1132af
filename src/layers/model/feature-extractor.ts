import type * as tfl from "@tensorflow/tfjs-layers";
import { checkModel, checkNames } from "./check-model.ts";
import { type Links, outputAt } from "./graph.ts";
import { modelOf } from "./path-outputs.ts";

/**
 * A model that returns the outputs of some layers of another model, in the given order. Both share
 * their weights. Distillation compares such features.
 *
 * @param model Any `tf.layers` model with inputs.
 * @param layerNames Names of layers, at least one; `model.summary()` lists them. A path such as
 * `backbone/conv1` names a layer of a nested model.
 * @returns A model with one output for each name. `predict` and `apply` return a tensor for a single
 * name, otherwise an array.
 * @throws If the list is empty, a name is not in the model, or the model uses a layer more than once.
 *
 * @example
 * ```ts
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { featureExtractor } from "kd-cmi/layers";
 *
 * const model = tfl.sequential({
 *   layers: [
 *     tfl.layers.dense({ name: "hidden", units: 8, activation: "relu", inputShape: [4] }),
 *     tfl.layers.dense({ name: "logits", units: 3 }),
 *   ],
 * });
 * const extractor = featureExtractor(model, ["hidden", "logits"]);
 * ```
 */
export function featureExtractor(
  model: tfl.LayersModel,
  layerNames: readonly string[],
): tfl.LayersModel {
  checkModel("featureExtractor", "model", model);
  checkNames("featureExtractor", "layerNames", layerNames);
  const links: Links = new Map();
  return modelOf(
    "featureExtractor",
    model,
    outputsOf("featureExtractor", model, layerNames, links),
    links,
  );
}

/** The outputs of layers by name or path. A path into a nested model adds to `links`. */
export function outputsOf(
  fn: string,
  model: tfl.LayersModel,
  layerNames: readonly string[],
  links: Links,
): tfl.SymbolicTensor[] {
  if (layerNames.length > 0) return layerNames.map((name) => outputAt(fn, model, name, links));
  const known = model.layers.map(({ name }) => name).join(", ");
  throw new Error(`${fn}: layerNames must be layers of the model (${known}), got none`);
}
