import type * as tfl from "@tensorflow/tfjs-layers";

/** Maps [N, H, W, C] within a model. */
export type Maps = tfl.SymbolicTensor;

export interface ModelOptions {
  inputShape: readonly [height: number, width: number, channels: number];
  numClasses: number;
  /** An integer. Models with the same seed start from the same weights. */
  seed: number;
}

/**
 * Builds a model from images, [N, …inputShape], to logits, [N, numClasses], and names the layers that
 * distillation compares. `featureExtractor` of kd-cmi/layers takes these names.
 */
export interface ModelBuilder {
  (options: ModelOptions): tfl.LayersModel;
  /** Layers with the maps at the end of each stage, from input to output. An MLP has none. */
  readonly maps: readonly string[];
  /** The layer before the logits, [N, units]. In a convolutional network it pools the maps. */
  readonly embedding: string;
}

export const LOGITS = "logits";

/** A builder with the names of its layers. */
export const modelBuilder = (
  build: (options: ModelOptions) => tfl.LayersModel,
  features: { maps: readonly string[]; embedding: string },
): ModelBuilder => Object.assign(build, features);
