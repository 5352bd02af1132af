import * as tfl from "@tensorflow/tfjs-layers";
import { LOGITS, type ModelBuilder, modelBuilder } from "./builder.ts";
import { layerSeed } from "./initial.ts";

/**
 * Dense layers `hidden1` and so on with ReLU, and `logits`, for inputs [N, D].
 *
 * @param hidden Units of each layer but the last.
 * @param seedOf The seed of a layer, which are counted from 0.
 */
export const mlpLayers = (
  hidden: readonly number[],
  numClasses: number,
  seedOf: (layer: number) => number,
): tfl.layers.Layer[] =>
  [...hidden, numClasses].map((units, i) =>
    tfl.layers.dense({
      name: i < hidden.length ? `hidden${i + 1}` : LOGITS,
      units,
      activation: i < hidden.length ? "relu" : "linear",
      kernelInitializer: tfl.initializers.glorotUniform({ seed: seedOf(i) }),
    }),
  );

function mlp(hidden: readonly number[]): ModelBuilder {
  const name = ["mlp", ...hidden].join("-");
  return modelBuilder(
    ({ inputShape, numClasses, seed }) =>
      tfl.sequential({
        name,
        layers: [
          tfl.layers.flatten({ name: "flatten", inputShape: [...inputShape] }),
          ...mlpLayers(hidden, numClasses, (layer) => layerSeed(seed, `${name} ${layer}`)),
        ],
      }),
    { maps: [], embedding: `hidden${hidden.length}` },
  );
}

/** For the CPU: 235,000 and 51,000 parameters with ten classes of 28×28×1. */
export const mlps = { "mlp-256-128": mlp([256, 128]), "mlp-64": mlp([64]) };
