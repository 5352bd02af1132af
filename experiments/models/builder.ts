import type * as tfl from "@tensorflow/tfjs-layers";

export interface ModelOptions {
  /** Of one image: [height, width, channels]. */
  inputShape: readonly [height: number, width: number, channels: number];
  numClasses: number;
  /** An integer; two models with the same one start from the same weights. */
  seed: number;
}

/**
 * Builds a model of images, [N, …inputShape], that ends in logits, [N, numClasses], and tells which
 * of its layers distillation compares. `featureExtractor` of kd-cmi/layers takes their names.
 */
export interface ModelBuilder {
  (options: ModelOptions): tfl.LayersModel;
  /** Layers with the maps at the end of each stage, from input to output; an MLP has none. */
  readonly maps: readonly string[];
  /** The layer that the logits are computed from: [N, units], in a network of maps their pool. */
  readonly embedding: string;
}

export const LOGITS = "logits";

/** A builder that tells its features. */
export const modelBuilder = (
  build: (options: ModelOptions) => tfl.LayersModel,
  features: { maps: readonly string[]; embedding: string },
): ModelBuilder => Object.assign(build, features);
