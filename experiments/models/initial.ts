import * as tfl from "@tensorflow/tfjs-layers";
import seedrandom from "seedrandom";

/** Initial values of a kernel or a bias, where each output sums up `fanIn` inputs and each input goes to `fanOut` outputs. */
export type Initial = (
  fans: { fanIn: number; fanOut: number },
  seed: number,
) => ReturnType<typeof tfl.initializers.zeros>;

/**
 * Normal with variance 2 / fanOut (He et al., ICCV 2015). Not tfjs's `varianceScaling`: that cuts the
 * tails off without making up for it, and takes a depthwise convolution for a full one.
 */
export const kaimingNormal: Initial = ({ fanOut }, seed) =>
  tfl.initializers.randomNormal({ stddev: Math.sqrt(2 / fanOut), seed });

/** Uniform within ±1/√fanIn, from which convolutions and linear layers of PyTorch start. */
export const torchUniform: Initial = ({ fanIn }, seed) => {
  const bound = 1 / Math.sqrt(fanIn);
  return tfl.initializers.randomUniform({ minval: -bound, maxval: bound, seed });
};

/** Normal with a standard deviation of 0.01. */
export const smallNormal: Initial = (_fans, seed) =>
  tfl.initializers.randomNormal({ stddev: 0.01, seed });

export const zeros: Initial = () => tfl.initializers.zeros();

/** A seed for one layer of a model. Never 0, which tfjs takes for none. */
export const layerSeed = (seed: number, name: string): number =>
  1 + (seedrandom.alea(`${seed} ${name}`).int32() >>> 1);
