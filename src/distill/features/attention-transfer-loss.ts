import * as tf from "@tensorflow/tfjs-core";
import { checkNumber, checkOptions } from "../../internal/checks.ts";
import { meanAll } from "../../ops/sums.ts";
import { type LayerFeatures, pairMapsOrTokens } from "../layer-pairs.ts";
import { attentionLoss } from "./spatial-attention.ts";

/** Options of {@link attentionTransferLoss}. */
export interface AttentionTransferOptions {
  /** The power p ≥ 1 of the activations; default 2, as in the paper. */
  p?: number | undefined;
}

/**
 * Attention transfer (AT): the mean squared difference between the spatial attention maps of
 * teacher and student, summed over layers. Dimensionless.
 *
 * $$L = \sum_\ell \frac{1}{N H W} \sum_{i=1}^{N} \left\| q^s_{\ell i} - q^t_{\ell i} \right\|^2,
 * \qquad q_{\ell i} = \frac{a_{\ell i}}{\| a_{\ell i} \|}, \quad
 * a_{\ell i}(h, w) = \frac{1}{C} \sum_c | x_{\ell i}(h, w, c) |^p$$
 *
 * The number of channels and the size may differ: along each axis, the larger map is average-pooled
 * to the smaller size, with windows that overlap if one size does not divide the other (PyTorch's
 * `adaptive_avg_pool2d`; RepDistiller and mdistiller compare the height only and assume square
 * maps). A norm below 1e-12 is replaced by 1e-12: a map of zeros has attention 0 and gradient 0. Tokens
 * [N, T, D] of transformers have an attention over the T tokens, which must be equally many. Slice off a
 * class token to compare patches only, and reshape grids of different sizes to [N, H, W, D].
 *
 * Use when: the feature maps differ in channels and no part should be trained for them.
 *
 * Use when: the feature maps differ in channels and no part should be trained for them.
 *
 * Usual weight: 1000 (RepDistiller, scripts/run_cifar_distill.sh; the paper's β is 1000 too).
 *
 * Trainable parts: none.
 *
 * Source: Zagoruyko, Komodakis, "Paying more attention to attention", ICLR 2017 (arXiv 1612.03928),
 * eq. 2; the mean over samples and positions follows RepDistiller.
 *
 * @param teacherMaps float32 [N, H, W, C] or [N, T, D], or a list of such, one per layer; constants, no
 * gradient flows into them.
 * @param studentMaps float32 [N, H', W', C'] or [N, T, D'], or a list of the same length.
 * @param options `p`, see {@link AttentionTransferOptions}.
 * @returns A scalar of at least 0.
 * @throws If a shape, dtype or option is not as described, or batches or lengths differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { attentionTransferLoss } from "kd-cmi";
 *
 * const teacherMaps = [tf.randomNormal([2, 8, 8, 16]), tf.randomNormal([2, 4, 4, 32])];
 * const studentMaps = [tf.randomNormal([2, 8, 8, 4]), tf.randomNormal([2, 4, 4, 8])];
 * const loss = attentionTransferLoss(teacherMaps, studentMaps);
 * ```
 */
export function attentionTransferLoss(
  teacherMaps: LayerFeatures,
  studentMaps: LayerFeatures,
  options: AttentionTransferOptions = {},
): tf.Scalar {
  checkOptions("attentionTransferLoss", options, ["p"]);
  const { p = 2 } = options;
  const names = ["teacherMaps", "studentMaps"] as const;
  const pairs = pairMapsOrTokens("attentionTransferLoss", names, teacherMaps, studentMaps);
  checkNumber("attentionTransferLoss", "p", p, { minimum: 1 });

  // dL/dqˢ = 2 (qˢ − qᵗ) / (N H W)
  return attentionLoss("attentionTransferLoss", pairs, p, {
    value: (difference) => meanAll(tf.square(difference)),
    slope: (difference) => tf.mul(difference, 2 / difference.size),
  });
}
