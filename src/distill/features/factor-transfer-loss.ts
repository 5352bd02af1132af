import * as tf from "@tensorflow/tfjs-core";
import { sign } from "../../ops/sign.ts";
import { meanAll } from "../../ops/sums.ts";
import { type LayerFeatures, pairMaps } from "../layer-pairs.ts";
import { attentionLoss } from "./spatial-attention.ts";

/**
 * Factor transfer (FT): the mean absolute difference between the normalised factors of teacher and
 * student, summed over layers. Dimensionless.
 *
 * $$L = \sum_\ell \frac{1}{N H W} \sum_{i=1}^{N} \left\| q^s_{\ell i} - q^t_{\ell i} \right\|_1,
 * \qquad q_{\ell i} = \frac{a_{\ell i}}{\| a_{\ell i} \|_2}, \quad
 * a_{\ell i}(h, w) = \frac{1}{C} \sum_c x_{\ell i}(h, w, c)^2$$
 *
 * The mean of squares over the channels follows RepDistiller; the paper normalises the factor
 * itself. The number of channels and the size may differ: along each axis, the larger map is
 * average-pooled to the smaller size, with windows that overlap if one size does not divide the
 * other (PyTorch's `adaptive_avg_pool2d`; RepDistiller compares the height only and assumes square
 * maps). A norm below 1e-12 is replaced by 1e-12: a map of zeros has gradient 0.
 *
 * Use when: you can train a paraphraser of the teacher's maps beforehand.
 *
 * Usual weight: 200 (RepDistiller, scripts/run_cifar_distill.sh).
 *
 * Trainable parts: a paraphraser of the teacher's maps, trained beforehand to reconstruct them and
 * then frozen, and a translator of the student's maps, trained with the student: `factorParaphraser` and
 * `factorTranslator` of `kd-cmi/layers`.
 *
 * Source: Kim, Park, Kwak, "Paraphrasing complex network: network compression via factor transfer",
 * NeurIPS 2018 (arXiv 1802.04977), the factor transfer loss with p = 1, as RepDistiller computes
 * it.
 *
 * @param teacherFactors float32 [N, H, W, C], the paraphraser's factors, or a list of such, one per
 * layer; constants, no gradient flows into them.
 * @param studentFactors float32 [N, H', W', C'], the translator's, or a list of the same length.
 * @returns A scalar of at least 0.
 * @throws If a shape or dtype is not as described, or batches or lengths differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { factorTransferLoss } from "kd-cmi";
 *
 * const teacherFactors = tf.randomNormal([2, 8, 8, 16]);
 * const studentFactors = tf.randomNormal([2, 8, 8, 4]);
 * const loss = factorTransferLoss(teacherFactors, studentFactors);
 * ```
 */
export function factorTransferLoss(
  teacherFactors: LayerFeatures,
  studentFactors: LayerFeatures,
): tf.Scalar {
  const names = ["teacherFactors", "studentFactors"] as const;
  const pairs = pairMaps("factorTransferLoss", names, teacherFactors, studentFactors);

  // dL/dqˢ = sign(qˢ − qᵗ) / (N H W)
  return attentionLoss("factorTransferLoss", pairs, 2, {
    value: (difference) => meanAll(tf.abs(difference)),
    slope: (difference) => tf.mul(sign(difference), 1 / difference.size),
  });
}
