import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkOptions, checkSampleShape } from "../../internal/checks.ts";
import { atLeastNormal } from "../../ops/float-range.ts";
import { singleTensor } from "../model/apply-layer.ts";
import { linearLayers } from "./linear-embedding.ts";

/** Options of {@link contrastProjection}. */
export interface ContrastProjectionOptions {
  /** The shape of a sample's features, without the batch: [D], or [height, width, channels]. */
  inputShape: readonly number[];
  /** Width of the embedding; default 128, as in the authors' runs. */
  dim?: number | undefined;
  /** An integer ≥ 0 that fixes the initial kernel; default random. */
  seed?: number | undefined;
}

/**
 * The projection head of CRD: flattens the features of a sample, maps them to `dim` by a linear layer
 * and scales the row to length 1. Teacher and student get one head each, and both heads are trained.
 * `loadLayersModel` loads a saved head if `kd-cmi/layers` is imported.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.3.
 *
 * @param options Shape of the input and width of the embedding.
 * @returns A model of float32 [N, …inputShape] → [N, dim], rows of length 1. A row whose linear image
 * is zero stays zero.
 * @throws If `inputShape` is empty or a size is not an integer of at least 1.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { contrastProjection } from "kd-cmi/layers";
 *
 * const head = contrastProjection({ inputShape: [4, 4, 32], dim: 128 });
 * const embedding = head.apply(tf.randomNormal([8, 4, 4, 32])) as tf.Tensor2D;
 * ```
 */
export function contrastProjection(options: ContrastProjectionOptions): tfl.LayersModel {
  checkOptions("contrastProjection", options, ["inputShape", "dim", "seed"]);
  const { inputShape, dim = 128, seed } = options;
  checkSampleShape("contrastProjection", "inputShape", inputShape);
  checkInteger("contrastProjection", "dim", dim, 1);
  const linear = linearLayers("contrastProjection", inputShape, dim, seed);
  return tfl.sequential({ layers: [...linear, new L2Normalize({})] });
}

/** Lower bound of the squared length that a row is divided by. */
const SMALLEST = 1e-24;

/** Scales rows to length 1. */
class L2Normalize extends tfl.layers.Layer {
  static className = "KdCmiL2Normalize";

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = singleTensor(inputs);
      const square = tf.sum(tf.square(x), -1, true);
      return tf.mul(x, tf.rsqrt(tf.maximum(square, atLeastNormal(SMALLEST))));
    });
  }
}
tf.serialization.registerClass(L2Normalize);
