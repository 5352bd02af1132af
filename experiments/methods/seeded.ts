import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { layerSeed } from "../models/initial.ts";

interface Config {
  kernelInitializer?: { config: Parameters<typeof tfl.initializers.varianceScaling>[0] };
}

/**
 * Redraws the kernels of a model from a seed, with the initializers of its layers. The builders of
 * kd-cmi/layers take no seed, but runs must be reproducible.
 *
 * @param name Distinguishes models with the same seed.
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
