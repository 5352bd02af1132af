import * as tfl from "@tensorflow/tfjs-layers";
import { LOGITS, type ModelBuilder, modelBuilder } from "./builder.ts";
import { layerSeed } from "./initial.ts";

/** Channels of the maps of half and of a quarter of the side, and units of the layer behind them. */
export interface CnnSizes {
  low: number;
  high: number;
  features: number;
}

export const LARGER: CnnSizes = { low: 16, high: 32, features: 64 };
/** The maps of the larger network and the layer of the smaller one. */
export const LIGHTER: CnnSizes = { low: 16, high: 32, features: 16 };
export const SMALLER: CnnSizes = { low: 4, high: 8, features: 16 };

/**
 * The layers `low`, `high`, `features` and `logits`, for maps [N, H, W, C]. The first two are ReLU
 * layers, so that `low_conv` and `high_conv` give the maps before it.
 *
 * @param seedOf The seed of a layer with weights, which are counted from 0.
 */
export function cnnLayers(
  { low, high, features }: CnnSizes,
  numClasses: number,
  seedOf: (layer: number) => number,
): tfl.layers.Layer[] {
  const { layers, initializers } = tfl;
  const kernelInitializer = (layer: number) => initializers.heNormal({ seed: seedOf(layer) });
  const convolution = (name: string, filters: number, layer: number) => [
    layers.conv2d({
      name: `${name}_conv`,
      filters,
      kernelSize: 3,
      strides: 2,
      padding: "same",
      kernelInitializer: kernelInitializer(layer),
    }),
    layers.reLU({ name }),
  ];
  const dense = (name: string, units: number, activation: "relu" | "linear", layer: number) =>
    layers.dense({ name, units, activation, kernelInitializer: kernelInitializer(layer) });
  return [
    ...convolution("low", low, 0),
    ...convolution("high", high, 1),
    layers.flatten({ name: "flatten" }),
    dense("features", features, "relu", 2),
    dense(LOGITS, numClasses, "linear", 3),
  ];
}

const cnn = (name: string, sizes: CnnSizes): ModelBuilder =>
  modelBuilder(
    ({ inputShape, numClasses, seed }) =>
      tfl.sequential({
        name,
        layers: [
          tfl.layers.inputLayer({ inputShape: [...inputShape] }),
          ...cnnLayers(sizes, numClasses, (layer) => layerSeed(seed, `${name} ${layer}`)),
        ],
      }),
    { maps: ["low", "high"], embedding: "features" },
  );

/** For the CPU: 106,000, 30,000 and 6,800 parameters with ten classes of 28×28×1. */
export const cnns = {
  "cnn-small": cnn("cnn-small", LARGER),
  "cnn-light": cnn("cnn-light", LIGHTER),
  "cnn-tiny": cnn("cnn-tiny", SMALLER),
};
