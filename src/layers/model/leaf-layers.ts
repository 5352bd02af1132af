import type * as tfl from "@tensorflow/tfjs-layers";

/** Whether a layer is a model. */
export const isModel = (layer: tfl.layers.Layer): layer is tfl.LayersModel =>
  "layers" in layer && Array.isArray(layer.layers);

/** The layers of a layer or model, nested ones included, without the models themselves. */
export const leafLayers = (layer: tfl.layers.Layer): tfl.layers.Layer[] =>
  isModel(layer) ? layer.layers.flatMap(leafLayers) : [layer];
