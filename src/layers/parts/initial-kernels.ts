import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";

/** An initializer of a layer's kernel. */
export type Initializer = ReturnType<typeof tfl.initializers.glorotNormal>;

/** More than the layers of a part, so that parts of consecutive seeds share no kernel. */
const LAYERS = 1000;

/** Returns the initializer of the next layer; default Glorot's normal distribution, tfjs' default. */
export type NextKernel = (create?: (args: { seed?: number }) => Initializer) => Initializer;

/**
 * Initializers of the layers of a part, one after the other. With a seed, each draws the same kernel each
 * time, and different ones differ.
 */
export function initialKernels(fn: string, seed: number | undefined): NextKernel {
  if (seed !== undefined) checkInteger(fn, "seed", seed, 0);
  let layer = 0;
  return (create = tfl.initializers.glorotNormal) => {
    if (seed === undefined) return create({});
    layer += 1; // tfjs takes a seed of 0 for none
    return create({ seed: (seed % 2 ** 32) * LAYERS + layer });
  };
}
