import * as tfl from "@tensorflow/tfjs-layers";
import { PIXELS, SIDE } from "../data/images.ts";

/** The layer whose maps are explained: 7×7 positions, 64 channels. */
export const MAPS = "maps";

/** Three convolutions and logits, 55,000 parameters; the same weights for the same seed. */
export function camNetwork(seed: number): tfl.LayersModel {
  const { layers, initializers } = tfl;
  let next = 10 * seed;
  const convolution = (filters: number, strides: number, name: string) =>
    layers.conv2d({
      name,
      filters,
      strides,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      kernelInitializer: initializers.heNormal({ seed: next++ }),
    });
  return tfl.sequential({
    layers: [
      layers.reshape({ targetShape: [SIDE, SIDE, 1], inputShape: [PIXELS] }),
      convolution(16, 2, "low"),
      convolution(32, 1, "middle"),
      convolution(64, 2, MAPS),
      layers.flatten(),
      layers.dense({
        name: "logits",
        units: 10,
        kernelInitializer: initializers.glorotUniform({ seed: next++ }),
      }),
    ],
  });
}
