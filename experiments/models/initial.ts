import * as tfl from "@tensorflow/tfjs-layers";
import seedrandom from "seedrandom";

/** Initializer of a kernel or a bias by the number of inputs of an output and of outputs of an input. */
export type Initial = (
  fans: { fanIn: number; fanOut: number },
  seed: number,
) => ReturnType<typeof tfl.initializers.zeros>;

/**
 * Normal with variance 2 / fanOut (He et al., ICCV 2015). tfjs's `varianceScaling` truncates the tails
 * without correcting the variance, and treats a depthwise convolution as a full one.
 */
export const kaimingNormal: Initial = ({ fanOut }, seed) =>
  tfl.initializers.randomNormal({ stddev: Math.sqrt(2 / fanOut), seed });

/** Uniform within ±1/√fanIn, PyTorch's default for convolutions and linear layers. */
export const torchUniform: Initial = ({ fanIn }, seed) => {
  const bound = 1 / Math.sqrt(fanIn);
  return tfl.initializers.randomUniform({ minval: -bound, maxval: bound, seed });
};

/** Normal with a standard deviation of 0.01. */
export const smallNormal: Initial = (_fans, seed) =>
  tfl.initializers.randomNormal({ stddev: 0.01, seed });

export const zeros: Initial = () => tfl.initializers.zeros();

/** A seed for one layer of a model. It is never 0, which tfjs treats as no seed. */
export const layerSeed = (seed: number, name: string): number =>
  1 + (seedrandom.alea(`${seed} ${name}`).int32() >>> 1);
