import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkNumber, checkOptions } from "../../internal/checks.ts";
import { connectLayer } from "../model/apply-layer.ts";
import { factorChannels, factorConvolutions } from "./factor-convolutions.ts";
import { initialKernels } from "./initial-kernels.ts";

/** Options of {@link factorParaphraser}. */
export interface FactorParaphraserOptions {
  /** Channels of the teacher's maps. */
  teacherChannels: number;
  /** Channels of the factors as a share of the teacher's, within 0–1; default 0.5, as in RepDistiller. */
  rate?: number | undefined;
  /** An integer ≥ 0 that fixes the initial kernels; default random. */
  seed?: number | undefined;
}

/**
 * The paraphraser of factor transfer (FT): an autoencoder of the teacher's maps. Three 3×3 convolutions
 * encode them as factors, three transposed ones decode the factors, each with leaky ReLU of slope 0.1.
 *
 * Train it beforehand to reconstruct the maps, by the mean squared error. Then freeze it and compare its
 * factors with those of a {@link factorTranslator} by `factorTransferLoss`.
 *
 * Source: Kim, Park, Kwak, "Paraphrasing complex network: network compression via factor transfer",
 * NeurIPS 2018 (arXiv 1802.04977), section 3; the layers are those of RepDistiller.
 *
 * @param options Channels, rate and seed.
 * @returns A model of float32 [N, H, W, teacherChannels], any H and W, with two outputs: the factors
 * [N, H, W, ⌊rate · teacherChannels⌋], at least 1 channel, and the reconstructed maps.
 * @throws If the number of channels is not an integer of at least 1, the rate not above 0 and at most 1, or
 * the seed not an integer of at least 0.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { factorParaphraser } from "kd-cmi/layers";
 *
 * const paraphraser = factorParaphraser({ teacherChannels: 8, seed: 1 });
 * const teacherMaps = tf.randomNormal([2, 4, 4, 8]);
 * const optimizer = tf.train.adam(0.01);
 * optimizer.minimize(() => {
 *   const [, reconstructed] = paraphraser.apply(teacherMaps) as tf.Tensor[];
 *   return tf.losses.meanSquaredError(teacherMaps, reconstructed!);
 * });
 * paraphraser.trainable = false;
 * const [factors] = paraphraser.apply(teacherMaps) as tf.Tensor[]; // [2, 4, 4, 4]
 * ```
 */
export function factorParaphraser(options: FactorParaphraserOptions): tfl.LayersModel {
  const fn = "factorParaphraser";
  checkOptions(fn, options, ["teacherChannels", "rate", "seed"]);
  const { teacherChannels, rate = 0.5, seed } = options;
  checkInteger(fn, "teacherChannels", teacherChannels, 1);
  checkNumber(fn, "rate", rate, { above: 0, maximum: 1 });
  const nextKernel = initialKernels(fn, seed);
  const width = factorChannels(teacherChannels, rate);
  const encoder = factorConvolutions("conv2d", [teacherChannels, width, width], nextKernel);
  const decoder = factorConvolutions(
    "conv2dTranspose",
    [width, teacherChannels, teacherChannels],
    nextKernel,
  );
  const inputs = tfl.input({ shape: [null, null, teacherChannels] });
  const connect = (x: tfl.SymbolicTensor, layer: tfl.layers.Layer) => connectLayer(layer, x);
  const factors = encoder.reduce(connect, inputs);
  return tfl.model({ inputs, outputs: [factors, decoder.reduce(connect, factors)] });
}
