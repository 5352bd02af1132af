import type * as tf from "@tensorflow/tfjs-core";
import { featureExtractor } from "kd-cmi/layers";
import type { Network, Setup } from "./method.ts";

/** Chooses layers of a network by name. */
export type LayerChoice = (network: Network) => readonly string[];

/** The maps at the end of each stage. The method's name is for the error message. */
export const allMaps =
  (method: string): LayerChoice =>
  ({ maps, model }) => {
    if (maps.length > 0) return maps;
    throw new Error(`method ${method}: network must have maps, got ${model.name}`);
  };

export const lastMap =
  (method: string): LayerChoice =>
  (network) =>
    allMaps(method)(network).slice(-1);

export const embedding: LayerChoice = (network) => [network.embedding];

/** The same choice in teacher and student. */
export const onBoth = ({ teacher, student }: Setup, layers: LayerChoice) => ({
  teacherLayers: layers(teacher),
  studentLayers: layers(student),
});

/** The shape of a layer's output for one image. */
export function shapeOf({ model }: Network, layer: string): number[] {
  const output = [model.getLayer(layer).output].flat()[0]!;
  return output.shape.slice(1) as number[];
}

/** A function to the outputs of some layers, always as a list; in inference mode by default. */
export function extractor(
  { model }: Network,
  layers: readonly string[],
  { training = false } = {},
): (inputs: tf.Tensor) => tf.Tensor[] {
  const outputs = featureExtractor(model, layers);
  return (inputs) => [outputs.apply(inputs, { training })].flat() as tf.Tensor[];
}

/**
 * The layer with the maps before ReLU, as RepDistiller's `preact`. If the map's layer is a ReLU, it is
 * the layer before it. If the map is a sum, as in wide residual networks, it is the normalisation after
 * it. Otherwise it is the map's own layer.
 */
export function beforeRelu({ model }: Network, map: string): string {
  const layer = model.getLayer(map);
  const [input] = [layer.input].flat();
  if (layer.getClassName() === "ReLU") return input!.sourceLayer.name;
  const isBehind = (other: typeof layer) =>
    other.getClassName() === "BatchNormalization" && other.input === layer.output;
  return model.layers.find(isBehind)?.name ?? map;
}
