import * as tfl from "@tensorflow/tfjs-layers";
import type { NextKernel } from "./initial-kernels.ts";

/** 3×3 convolutions that preserve the size of the maps, each with leaky ReLU of slope 0.1. */
export function factorConvolutions(
  kind: "conv2d" | "conv2dTranspose",
  filters: readonly number[],
  nextKernel: NextKernel,
  isNormalized = false,
): tfl.layers.Layer[] {
  return filters.flatMap((channels) => [
    tfl.layers[kind]({
      filters: channels,
      kernelSize: 3,
      padding: "same",
      kernelInitializer: nextKernel(),
    }),
    ...(isNormalized ? [tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 })] : []),
    tfl.layers.leakyReLU({ alpha: 0.1 }),
  ]);
}

/** The number of channels of the factors. */
export const factorChannels = (teacherChannels: number, rate: number): number =>
  Math.max(1, Math.floor(rate * teacherChannels));
