import * as tfl from "@tensorflow/tfjs-layers";
import { LOGITS, type ModelBuilder, modelBuilder } from "./builder.ts";
import { layerSeed } from "./initial.ts";

/** The seed of a layer of a model, where layers are counted from 0. */
type SeedOf = (seed: number, name: string, layer: number) => number;

/** Dense layers `hidden1` and so on with ReLU, and `logits`. */
function mlp(
  hidden: readonly number[],
  seedOf: SeedOf = (seed, name, layer) => layerSeed(seed, `${name} ${layer}`),
): ModelBuilder {
  const name = ["mlp", ...hidden].join("-");
  return modelBuilder(
    ({ inputShape, numClasses, seed }) =>
      tfl.sequential({
        name,
        layers: [
          tfl.layers.flatten({ name: "flatten", inputShape: [...inputShape] }),
          ...[...hidden, numClasses].map((units, i) =>
            tfl.layers.dense({
              name: i < hidden.length ? `hidden${i + 1}` : LOGITS,
              units,
              activation: i < hidden.length ? "relu" : "linear",
              kernelInitializer: tfl.initializers.glorotUniform({ seed: seedOf(seed, name, i) }),
            }),
          ),
        ],
      }),
    { maps: [], embedding: `hidden${hidden.length}` },
  );
}

/** Small networks: 235,000 and 51,000 parameters for ten classes of 28×28×1 images. */
export const mlps = { "mlp-256-128": mlp([256, 128]), "mlp-64": mlp([64]) };

const demoSeed: SeedOf = (seed, _name, layer) => 10 * seed + layer;

/** The same networks with the initial weights of the demo, on which its published figures depend. */
export const demoMlps = {
  "mlp-256-128-demo": mlp([256, 128], demoSeed),
  "mlp-64-demo": mlp([64], demoSeed),
};
