import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkOptions } from "../../internal/checks.ts";
import { randomSource } from "../../internal/random.ts";
import { checkRowIndices } from "./checks.ts";
import type { SharedContrastIndices } from "./types.ts";

/** Options of {@link sampleContrastIndices}. */
export interface SampleContrastOptions {
  /** K ≥ 1, the number of noise rows; 16384 in the reference. */
  negatives: number;
  /** The number of rows of the bank. */
  size: number;
  /** An integer ≥ 0 that fixes the draw. Use a different one at each step. Default random. */
  seed?: number | undefined;
  /**
   * One draw for the whole batch, which makes {@link crdLoss} several times faster; default false.
   */
  shared?: boolean | undefined;
}

/**
 * Draws the noise rows of a batch for {@link crdLoss}: uniformly over the whole bank, with
 * replacement. No row is excluded, because the paper's noise distribution is the data distribution:
 * a sample's own row and rows of its class may be among its negatives.
 *
 * RepDistiller has two variants. By default, its ContrastMemory draws like this function. Its
 * CIFAR-100 training instead passes rows that its data set draws from the samples of the other
 * classes, without replacement. To reproduce that, pass your own int32 tensor [N, K+1] to
 * {@link crdLoss}.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.1.
 *
 * @param indices int32 [N], the rows of the samples of the batch, which are the positives.
 * @param options `negatives`, `size`, `seed` and `shared`, see {@link SampleContrastOptions}.
 * @returns int32 [N, K+1] with the positive in column 0, or with `shared: true` `{positives: [N],
 * negatives: [K]}`. The caller owns the tensors.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { sampleContrastIndices } from "kd-cmi";
 *
 * const indices = tf.tensor1d([7, 42], "int32");
 * const drawn = sampleContrastIndices(indices, { negatives: 16, size: 100, seed: 1 }); // [2, 17]
 * const { positives, negatives } = sampleContrastIndices(indices, {
 *   negatives: 16,
 *   size: 100,
 *   shared: true,
 * }); // [2] and [16]
 * ```
 */
export function sampleContrastIndices(
  indices: tf.Tensor,
  options: SampleContrastOptions & { shared: true },
): SharedContrastIndices;
export function sampleContrastIndices(
  indices: tf.Tensor,
  options: SampleContrastOptions & { shared?: false | undefined },
): tf.Tensor2D;
export function sampleContrastIndices(
  indices: tf.Tensor,
  options: SampleContrastOptions,
): tf.Tensor2D | SharedContrastIndices;
export function sampleContrastIndices(
  indices: tf.Tensor,
  options: SampleContrastOptions,
): tf.Tensor2D | SharedContrastIndices {
  checkOptions("sampleContrastIndices", options, ["negatives", "size", "seed", "shared"]);
  const { negatives, size, seed, shared = false } = options;
  const fn = "sampleContrastIndices";
  const positives = checkRowIndices(fn, "indices", indices);
  checkInteger(fn, "negatives", negatives, 1);
  checkInteger(fn, "size", size, 1);
  if (seed !== undefined) checkInteger(fn, "seed", seed, 0);

  const random = randomSource(seed);
  const draw = <R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> =>
    tf.rand(shape, () => Math.floor(random() * size), "int32");
  if (shared) return { positives: tf.clone(positives), negatives: draw([negatives]) };
  return tf.tidy(() => {
    const n = positives.shape[0];
    return tf.concat2d([tf.reshape(positives, [n, 1]), draw([n, negatives])], 1);
  });
}
