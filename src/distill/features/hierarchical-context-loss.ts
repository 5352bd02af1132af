import * as tf from "@tensorflow/tfjs-core";
import { scalarLoss } from "../../internal/differentiable.ts";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
} from "../../ops/adaptive-average-pool.ts";
import { meanAll } from "../../ops/sums.ts";
import {
  checkLayerMaps,
  type LayerFeatures,
  pairEqualLayers,
  sumOverLayers,
} from "../layer-pairs.ts";

/** Sizes that the maps are pooled to, in addition to their own. */
const LEVELS = [4, 2, 1];

/**
 * Hierarchical context loss (HCL) of ReviewKD: the mean squared error of the maps and of their
 * average-pooled versions, from fine to coarse, summed over layers, in squared units of the maps.
 *
 * $$L = \sum_\ell \frac{1}{\sum_k 2^{-k}} \sum_{k} 2^{-k} \,
 * \overline{\left( A_k(x^s_\ell) - A_k(x^t_\ell) \right)^2}$$
 *
 * The bar is the mean over all entries. A_0 is the identity. A_1, A_2, … pool the map to those of
 * the sizes 4×4, 2×2 and 1×1 that are smaller than the map, like PyTorch's `adaptive_avg_pool2d`.
 * Thus the weights are 1, 1/2, 1/4, 1/8 divided by their sum, or the first of these if the map is
 * of size 4 or less. The reference compares the height only and assumes square maps. Here, an axis
 * shorter than the level keeps its size. Tokens [N, T, D] are refused, since pooling needs a grid: reshape
 * those of patches to [N, H, W, D].
 *
 * Use when: several stages of the teacher should teach each stage of the student, and its weight
 * can be tuned.
 *
 * Use when: several stages of the teacher should teach each stage of the student, and its weight
 * can be tuned.
 *
 * Usual weight: 5 on CIFAR-100, 1 to 8 on ImageNet (mdistiller, configs/), raised linearly during
 * the first epochs.
 *
 * Trainable parts: the fusion of the student's stages (ABF), which brings their maps to the
 * teacher's shapes, `attentionFusion` of `kd-cmi/layers`.
 *
 * Source: Chen et al., "Distilling knowledge via knowledge review", CVPR 2021 (arXiv 2104.09044),
 * HCL; levels, weights and means follow mdistiller.
 *
 * @param teacherMaps float32 [N, H, W, C], or a list of such, one per layer; constants, no gradient
 * flows into them.
 * @param studentMaps float32, of the same shape or shapes.
 * @returns A scalar of at least 0.
 * @throws If a shape or dtype is not as described, or the lengths of the lists differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { hierarchicalContextLoss } from "kd-cmi";
 *
 * const teacherMaps = [tf.randomNormal([2, 8, 8, 16]), tf.randomNormal([2, 1, 1, 32])];
 * const studentMaps = [tf.randomNormal([2, 8, 8, 16]), tf.randomNormal([2, 1, 1, 32])];
 * const loss = hierarchicalContextLoss(teacherMaps, studentMaps);
 * ```
 */
export function hierarchicalContextLoss(
  teacherMaps: LayerFeatures,
  studentMaps: LayerFeatures,
): tf.Scalar {
  const names = ["teacherMaps", "studentMaps"] as const;
  const fn = "hierarchicalContextLoss";
  const pairs = pairEqualLayers(fn, names, teacherMaps, studentMaps, checkLayerMaps);

  // Pooling is linear: the differences d_k = A_k(xˢ − xᵗ) are pooled, and the gradient is
  // Σ_k 2 w_k / |d_k| · A_kᵀ d_k.
  return sumOverLayers(fn, pairs, (teacher, student) => {
    const { shape } = student;
    const sizes = LEVELS.filter((level) => level < Math.max(shape[1], shape[2]));
    const weights = levelWeights(sizes.length + 1);
    return scalarLoss(
      fn,
      [student],
      (s) => {
        const difference: tf.Tensor4D = tf.sub(s, teacher);
        const pooled = sizes.map((size) =>
          adaptiveAveragePool(difference, [Math.min(size, shape[1]), Math.min(size, shape[2])]),
        );
        const saved = [difference, ...pooled];
        const errors = saved.map((d, k): tf.Scalar => tf.mul(meanAll(tf.square(d)), weights[k]!));
        return { value: tf.addN(errors), saved };
      },
      (...differences) => {
        const slopes = differences.map((d, k) =>
          adaptiveAveragePoolGradient(tf.mul(d, (2 * weights[k]!) / d.size), shape),
        );
        return [tf.addN(slopes)];
      },
    );
  });
}

/** 1, 1/2, 1/4, … divided by their sum. */
function levelWeights(count: number): number[] {
  const powers = Array.from({ length: count }, (_, k) => 2 ** -k);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
