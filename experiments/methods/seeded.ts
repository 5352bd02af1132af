import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { layerSeed } from "../models/initial.ts";

interface Config {
  kernelInitializer?: { config: Parameters<typeof tfl.initializers.varianceScaling>[0] };
}

/**
 * Draws the kernels of a model anew, each as its layer says but from a seed: the builders of
 * kd-cmi/layers take none, and a run has to be repeatable.
 *
 * @param name Makes the numbers differ from those of other models with the same seed.
 */
export function seeded(model: tfl.LayersModel, seed: number, name: string): tfl.LayersModel {
  for (const [i, layer] of model.layers.entries()) {
    const { kernelInitializer } = layer.getConfig() as unknown as Config;
    if (!kernelInitializer) continue;
    const draw = tfl.initializers.varianceScaling({
      ...kernelInitializer.config,
      seed: layerSeed(seed, `${name} ${i}`),
    });
    tf.tidy(() => {
      const [kernel, ...others] = layer.getWeights();
      layer.setWeights([draw.apply(kernel!.shape), ...others]);
    });
  }
  return model;
}
