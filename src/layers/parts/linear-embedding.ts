import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkOptions, checkSampleShape } from "../../internal/checks.ts";
import { initialKernels } from "./initial-kernels.ts";

/** Options of {@link linearEmbedding}. */
export interface LinearEmbeddingOptions {
  /** The shape of a sample's features, without the batch: [D], or [height, width, channels]. */
  inputShape: readonly number[];
  /** Width of the embedding; default 128, as in RepDistiller. */
  dim?: number | undefined;
  /** An integer ≥ 0 that fixes the initial kernel; default random. */
  seed?: number | undefined;
}

/**
 * The trainable part of correlation congruence (CC), and a connector for losses between features [N, D]
 * of different widths, such as `hintLoss`: flattens the features of a sample and maps them to `dim` by a
 * linear layer. {@link contrastProjection} also scales the rows to length 1.
 *
 * Source: Peng et al., "Correlation congruence for knowledge distillation", ICCV 2019 (arXiv 1904.01802);
 * the layer is RepDistiller's `LinearEmbed`, one for the teacher and one for the student, both trained.
 *
 * @param options Shape of the input, width of the embedding and seed.
 * @returns A model of float32 [N, …inputShape] → [N, dim].
 * @throws If `inputShape` is empty, a size is not an integer of at least 1, or the seed is not one of at
 * least 0.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { linearEmbedding } from "kd-cmi/layers";
 *
 * const embed = linearEmbedding({ inputShape: [4, 4, 32], dim: 64, seed: 1 });
 * const embedding = embed.apply(tf.randomNormal([8, 4, 4, 32])); // [8, 64]
 * ```
 */
export function linearEmbedding(options: LinearEmbeddingOptions): tfl.LayersModel {
  const fn = "linearEmbedding";
  checkOptions(fn, options, ["inputShape", "dim", "seed"]);
  const { inputShape, dim = 128, seed } = options;
  checkSampleShape(fn, "inputShape", inputShape);
  checkInteger(fn, "dim", dim, 1);
  return tfl.sequential({ layers: linearLayers(fn, inputShape, dim, seed) });
}

/** Layers that flatten a sample and map it to a width. */
export function linearLayers(
  fn: string,
  inputShape: readonly number[],
  units: number,
  seed: number | undefined,
): tfl.layers.Layer[] {
  const linear = { units, kernelInitializer: initialKernels(fn, seed)() };
  const shape = [...inputShape];
  return shape.length === 1
    ? [tfl.layers.dense({ ...linear, inputShape: shape })]
    : [tfl.layers.flatten({ inputShape: shape }), tfl.layers.dense(linear)];
}
