import * as tfl from "@tensorflow/tfjs-layers";

/**
 * A model that returns the outputs of some layers of another model, in the given order. Both share
 * their weights. Distillation compares such features.
 *
 * @param model Any `tf.layers` model with inputs.
 * @param layerNames Names of layers, at least one; `model.summary()` lists them.
 * @returns A model with one output for each name. `predict` and `apply` return a tensor for a single
 * name, otherwise an array.
 * @throws If the list is empty or a name is not in the model.
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
  const outputs = outputsOf("featureExtractor", model, layerNames);
  return tfl.model({ inputs: model.inputs, outputs });
}

/** The outputs of layers by name. */
export function outputsOf(
  fn: string,
  model: tfl.LayersModel,
  layerNames: readonly string[],
): tfl.SymbolicTensor[] {
  checkLayerNames(fn, model, layerNames);
  return layerNames.map((name) => outputOf(model, name));
}

export function checkLayerNames(
  fn: string,
  model: tfl.LayersModel,
  layerNames: readonly string[],
): void {
  const known = model.layers.map((layer) => layer.name);
  const unknown = layerNames.filter((name) => !known.includes(name));
  if (layerNames.length === 0 || unknown.length > 0) {
    const got = unknown.length > 0 ? unknown.join(", ") : "none";
    throw new Error(
      `${fn}: layerNames must be layers of the model (${known.join(", ")}), got ${got}`,
    );
  }
}

/** The output of a layer by name. */
export const outputOf = (model: tfl.LayersModel, layerName: string): tfl.SymbolicTensor =>
  model.getLayer(layerName).output as tfl.SymbolicTensor;
