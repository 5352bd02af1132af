import * as tf from "@tensorflow/tfjs-core";
import { scalarLoss } from "../../internal/differentiable.ts";
import type { MapSize } from "../../ops/adaptive-average-pool.ts";
import { batchProduct } from "../../ops/batch-product.ts";
import { fitGradient, fitRange } from "../../ops/fit-range.ts";
import { meanAll, scaledSum } from "../../ops/sums.ts";
import { asMaps, type LayerFeatures, pairMapsOrTokens, sumOverLayers } from "../layer-pairs.ts";
import { divisor, isNormal, unitVectors, unitVectorsGradient } from "../unit-vectors.ts";
import { commonSize, pooledPositions, pooledPositionsGradient } from "./pooled-positions.ts";

/**
 * Neuron selectivity transfer (NST): the squared maximum mean discrepancy, with the kernel
 * k(a, b) = ⟨a, b⟩², between the channels of teacher and student, where each channel is a vector
 * over the positions with norm 1. Summed over layers, dimensionless.
 *
 * $$L = \sum_\ell \frac{1}{N} \sum_{i=1}^{N} \left[
 * \frac{1}{C_t^2} \sum_{c,d} k(t_c, t_d) + \frac{1}{C_s^2} \sum_{c,d} k(s_c, s_d) -
 * \frac{2}{C_s C_t} \sum_{c,d} k(s_c, t_d) \right]$$
 *
 * The sums are computed from the Gram matrices of the channels, or from those of the positions if
 * there are fewer positions than channels in both networks together. Except for the maps, no
 * intermediate has more than N · min(HW, Cₛ + Cₜ)² numbers.
 *
 * The number of channels and the size may differ: along each axis, the larger map is average-pooled
 * to the smaller size, with windows that overlap if one size does not divide the other (PyTorch's
 * `adaptive_avg_pool2d`; RepDistiller and mdistiller compare the height only and assume square
 * maps). A norm below 1e-12 is replaced by 1e-12: a channel of zeros has gradient 0. Of tokens [N, T, D] of
 * transformers, each channel is a vector over the T tokens, which must be equally many.
 *
 * Use when: the feature maps differ in channels and it matters where they are active together.
 *
 * Use when: the feature maps differ in channels and it matters where they are active together.
 *
 * Usual weight: 50 (RepDistiller, scripts/run_cifar_distill.sh).
 *
 * Trainable parts: none.
 *
 * Source: Huang, Wang, "Like what you like: knowledge distill via neuron selectivity transfer",
 * 2017 (arXiv 1707.01219), the polynomial kernel with d = 2 and c = 0.
 *
 * @param teacherMaps float32 [N, H, W, C] or [N, T, D], or a list of such, one per layer; constants, no
 * gradient flows into them.
 * @param studentMaps float32 [N, H', W', C'] or [N, T, D'], or a list of the same length.
 * @returns A scalar of at least 0, up to rounding.
 * @throws If a shape or dtype is not as described, or batches or lengths differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { nstLoss } from "kd-cmi";
 *
 * const teacherMaps = tf.randomNormal([2, 4, 4, 16]);
 * const studentMaps = tf.randomNormal([2, 8, 8, 4]);
 * const loss = nstLoss(teacherMaps, studentMaps);
 * ```
 */
export function nstLoss(teacherMaps: LayerFeatures, studentMaps: LayerFeatures): tf.Scalar {
  const names = ["teacherMaps", "studentMaps"] as const;
  const pairs = pairMapsOrTokens("nstLoss", names, teacherMaps, studentMaps);

  return sumOverLayers("nstLoss", pairs, (teacherMap, studentMap) => {
    const [teacher, student] = [asMaps("nstLoss", teacherMap), asMaps("nstLoss", studentMap)];
    const size = commonSize(teacher, student);
    const hasFewPositions = size[0] * size[1] < teacher.shape[3] + student.shape[3];
    return (hasFewPositions ? positionLoss : channelLoss)(teacher, student, size);
  });
}

/**
 * Computes the loss from the Gram matrices of the positions, [N, HW, HW]: the loss is the squared
 * Frobenius norm of M = SSᵀ/Cₛ − TTᵀ/Cₜ, where the unit vectors are the columns of S and T, and
 * dL/dS = 4 M S / Cₛ.
 */
function positionLoss(teacher: tf.Tensor4D, student: tf.Tensor4D, size: MapSize): tf.Scalar {
  const [batch, , , channels] = student.shape;
  return scalarLoss(
    "nstLoss",
    [student],
    (maps) => {
      const { scaled, largest } = fitPositions(maps, size);
      const { unit: s, norm } = unitVectors(scaled, 1);
      const t = unitVectors(fitPositions(teacher, size).scaled, 1).unit;
      const m: tf.Tensor3D = tf.sub(meanOuterProduct(s), meanOuterProduct(t));
      return { value: scaledSum(tf.square(m), 1 / batch), saved: [s, norm, m, ...largest] };
    },
    (unit, norm, m, ...largest) => {
      const g = unitVectorsGradient({ unit, norm }, batchProduct(m, unit), 1);
      const slope: tf.Tensor3D = tf.mul(g, 4 / (batch * channels));
      return [pooledPositionsGradient(fitGradient(slope, largest), size, student.shape)];
    },
  );
}

/** The pooled positions. The loss does not depend on their scale. */
const fitPositions = (maps: tf.Tensor4D, size: MapSize) =>
  fitRange(pooledPositions(maps, size), [1, 2]);

const meanOuterProduct = (x: tf.Tensor3D) =>
  tf.mul(batchProduct(x, x, { b: true }), 1 / x.shape[2]);

/**
 * Computes the loss from the Gram matrices of the channels, [N, C, C]. With unit vectors u of the
 * student's and v of the teacher's channels, and their cosines g_cd = ⟨u_c, u_d⟩ and
 * h_ck = ⟨u_c, v_k⟩: dL/ds_c = 4/(N Cₛ) · (Σ_d g_cd u_d / Cₛ − Σ_k h_ck v_k / Cₜ − r_c u_c) /
 * ‖s_c‖, where r_c = Σ_d g_cd² / Cₛ − Σ_k h_ck² / Cₜ. These are products of the maps with small
 * matrices, so the maps themselves are never normalised.
 */
function channelLoss(teacher: tf.Tensor4D, student: tf.Tensor4D, size: MapSize): tf.Scalar {
  const [batch, , , channels] = student.shape;
  return scalarLoss(
    "nstLoss",
    [student],
    (maps) => {
      const { scaled: s, largest } = fitPositions(maps, size);
      const t = fitPositions(teacher, size).scaled;
      const [ss, tt] = [channelProducts(s, s), channelProducts(t, t)];
      const [normS, normT] = [channelNorms(ss), channelNorms(tt)];
      const g = overNorms(ss, normS, normS);
      const h = overNorms(channelProducts(s, t), normS, normT);
      const own = meanAll(tf.square(g));
      const target = meanAll(tf.square(overNorms(tt, normT, normT)));
      const value: tf.Scalar = tf.sub(tf.add(own, target), tf.mul(meanAll(tf.square(h)), 2));
      return { value, saved: [s, t, g, h, normS, normT, ...largest] };
    },
    (s, t, g, h, normS, normT, ...largest) => {
      const r = tf.sub(tf.mean(tf.square(g), 2, true), tf.mean(tf.square(h), 2, true));
      const along = tf.mul(tf.mul(r, isNormal(normS)), tf.eye(channels));
      const own = tf.sub(tf.mul(g, 1 / channels), along);
      const shared = tf.mul(h, 1 / h.shape[2]);
      const scale = 4 / (batch * channels);
      const [a, b] = [overNorms(own, normS, normS), overNorms(shared, normS, normT)];
      const slope: tf.Tensor3D = tf.sub(
        batchProduct(s, tf.mul(a, scale)),
        batchProduct(t, tf.mul(b, scale), { b: true }),
      );
      return [pooledPositionsGradient(fitGradient(slope, largest), size, student.shape)];
    },
  );
}

/** Inner products of all pairs of channels, [N, P, C] and [N, P, C'] → [N, C, C']. */
const channelProducts = (x: tf.Tensor3D, y: tf.Tensor3D): tf.Tensor3D =>
  batchProduct(x, y, { a: true });

/** The norms of the channels from the diagonal of their Gram matrix, [N, C, 1]. */
const channelNorms = (products: tf.Tensor3D): tf.Tensor =>
  tf.sqrt(tf.sum(tf.mul(products, tf.eye(products.shape[1])), 2, true));

/** Divides the rows by one vector of norms and the columns by another. */
function overNorms(x: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor): tf.Tensor3D {
  const across = tf.reshape(columns, [columns.shape[0]!, 1, -1]);
  return tf.div(tf.div(x, divisor(rows)), divisor(across));
}
