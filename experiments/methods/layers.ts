import type * as tf from "@tensorflow/tfjs-core";
import { featureExtractor } from "kd-cmi/layers";
import type { Network, Setup } from "./method.ts";

/** Chooses layers of a network by name. */
export type Layers = (network: Network) => readonly string[];

/** The maps at the end of each stage, for the method of that name. */
export const allMaps =
  (method: string): Layers =>
  ({ maps, model }) => {
    if (maps.length > 0) return maps;
    throw new Error(`table: method ${method} needs a network with maps, ${model.name} has none`);
  };

export const lastMap =
  (method: string): Layers =>
  (network) =>
    allMaps(method)(network).slice(-1);

export const embedding: Layers = (network) => [network.embedding];

/** The same choice in teacher and student. */
export const onBoth = ({ teacher, student }: Setup, layers: Layers) => ({
  teacherLayers: layers(teacher),
  studentLayers: layers(student),
});

/** Of what a layer gives for a single image. */
export function shapeOf({ model }: Network, layer: string): number[] {
  const output = [model.getLayer(layer).output].flat()[0]!;
  return output.shape.slice(1) as number[];
}

/** What some layers give for a batch, always as a list; in inference mode unless told otherwise. */
export function extractor(
  { model }: Network,
  layers: readonly string[],
  { training = false } = {},
): (inputs: tf.Tensor) => tf.Tensor[] {
  const outputs = featureExtractor(model, layers);
  return (inputs) => [outputs.apply(inputs, { training })].flat() as tf.Tensor[];
}

/**
 * The layer that gives maps before the ReLU, as RepDistiller's `preact`: what goes into the map's
 * layer where that is a ReLU, and the normalisation behind it where the map is a sum, as in wide
 * residual networks. Other maps stand for themselves.
 */
export function beforeRelu({ model }: Network, map: string): string {
  const layer = model.getLayer(map);
  const [input] = [layer.input].flat();
  if (layer.getClassName() === "ReLU") return input!.sourceLayer.name;
  const isBehind = (other: typeof layer) =>
    other.getClassName() === "BatchNormalization" && other.input === layer.output;
  return model.layers.find(isBehind)?.name ?? map;
}
