import * as tfl from "@tensorflow/tfjs-layers";
import { LOGITS, type ModelBuilder, modelBuilder } from "./builder.ts";
import { layerSeed } from "./initial.ts";

/** Channels of the maps at half and at a quarter of the size, and units of the dense layer after them. */
interface CnnSizes {
  low: number;
  high: number;
  features: number;
}

const LARGER: CnnSizes = { low: 16, high: 32, features: 64 };
/** The maps of the larger network and the dense layer of the smaller one. */
const LIGHTER: CnnSizes = { low: 16, high: 32, features: 16 };
const SMALLER: CnnSizes = { low: 4, high: 8, features: 16 };

/**
 * The layers `low`, `high`, `features` and `logits`, for maps [N, H, W, C]. `low` and `high` are ReLU
 * layers after the convolutions `low_conv` and `high_conv`.
 *
 * @param seedOf The seed of each layer with weights, counted from 0.
 */
function cnnLayers(
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

/** Small networks: 106,000, 30,000 and 6,800 parameters for ten classes of 28×28×1 images. */
export const cnns = {
  "cnn-small": cnn("cnn-small", LARGER),
  "cnn-light": cnn("cnn-light", LIGHTER),
  "cnn-tiny": cnn("cnn-tiny", SMALLER),
};
