import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";

/** An initializer of a layer's kernel. */
export type Initializer = ReturnType<typeof tfl.initializers.glorotNormal>;

/**
 * Initializers of the layers of a part, one after the other: Glorot's normal distribution, tfjs' default.
 * With a seed, each draws the same kernel each time, and different ones differ.
 */
export function initialKernels(fn: string, seed: number | undefined): () => Initializer {
  if (seed !== undefined) checkInteger(fn, "seed", seed, 0);
  let layer = 0;
  return () => tfl.initializers.glorotNormal(seed === undefined ? {} : { seed: seed + layer++ });
}
