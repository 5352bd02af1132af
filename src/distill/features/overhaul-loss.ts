import * as tf from "@tensorflow/tfjs-core";
import { checkVector } from "../../internal/checks.ts";
import { scalarLoss, sumOf } from "../../internal/differentiable.ts";
import { adaptiveAveragePool } from "../../ops/adaptive-average-pool.ts";
import { keepNaN } from "../../ops/keep-nan.ts";
import { sumAll } from "../../ops/sums.ts";
import { type LayerFeatures, pairMaps } from "../layer-pairs.ts";

/**
 * Overhaul of feature distillation (OFD): a partial squared distance between maps before their ReLU.
 * Where the teacher is positive, the student should match it. Elsewhere the student should be no
 * larger than the teacher's value, or than the margin of the channel if the teacher is below it. Summed
 * over layers, in squared units of the maps.
 *
 * $$L = \frac{1}{N} \sum_\ell 2^{\ell-L+1} \sum_j \mathbb 1[s_{\ell j} > t'_{\ell j} \lor
 * t_{\ell j} > 0] \, (s_{\ell j} - t'_{\ell j})^2, \qquad t'_{\ell j} = \max(t_{\ell j}, m_{c(j)})$$
 *
 * s and t are the student's and the teacher's values before the ReLU, j runs over all entries of all
 * samples, c(j) is the channel of entry j and m ≤ 0 the margin. The last layer has weight 1, and each
 * layer before it half the weight of the next one. If the sizes of the maps differ, the teacher's are
 * brought to the student's by PyTorch's adaptive average pooling.
 *
 * Use when: the networks have batch normalisation before a ReLU, whose maps before the ReLU are
 * accessible.
 *
 * Usual weight: 0.001, in addition to cross-entropy of weight 1 (mdistiller, engine/cfg.py).
 *
 * Trainable parts: a connector per layer from the student's maps to the teacher's channels,
 * `overhaulConnector` of `kd-cmi/layers`.
 *
 * Source: Heo et al., "A comprehensive overhaul of feature distillation", ICCV 2019
 * (arXiv 1904.01866), section 3; the weights of the layers and the pooling follow mdistiller.
 *
 * @param teacherMaps float32 [N, H, W, C], before the ReLU, or a list of such from input to output;
 * constants, no gradient flows into them.
 * @param studentMaps float32 [N, H', W', C], the student's maps in the teacher's channels, or a list of
 * the same length.
 * @param margin float32 [C], at most 0, or a list of such, one per layer; constants. Compute it with
 * {@link overhaulMargin}.
 * @returns A scalar of at least 0.
 * @throws If a shape or dtype is not as described, or batches or lengths differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { overhaulLoss, overhaulMargin } from "kd-cmi";
 *
 * const [gamma, beta] = [tf.fill([8], 1), tf.fill([8], -0.1)]; // of the teacher's batch normalisation
 * const margin = overhaulMargin(gamma, beta);
 * const teacherMaps = tf.randomNormal([2, 4, 4, 8]);
 * const studentMaps = tf.randomNormal([2, 4, 4, 8]);
 * const loss = overhaulLoss(teacherMaps, studentMaps, margin);
 * ```
 */
export function overhaulLoss(
  teacherMaps: LayerFeatures,
  studentMaps: LayerFeatures,
  margin: LayerFeatures,
): tf.Scalar {
  const fn = "overhaulLoss";
  const pairs = pairMaps(fn, ["teacherMaps", "studentMaps"], teacherMaps, studentMaps);
  const isList = Array.isArray(teacherMaps);
  const margins = [margin].flat() as tf.Tensor[];
  if (isList !== Array.isArray(margin) || margins.length !== pairs.length) {
    const expected = isList ? `a list of ${pairs.length}` : "a single tensor";
    const got = Array.isArray(margin) ? `a list of ${margins.length}` : "a single tensor";
    throw new Error(`${fn}: margin must be ${expected}, as teacherMaps, got ${got}`);
  }

  const losses = pairs.map(({ teacher, student, teacherName, studentName }, layer) => {
    const channels = teacher.shape[3];
    if (student.shape[3] !== channels) {
      const expected = `the channels of ${teacherName} [${teacher.shape}]`;
      throw new Error(`${fn}: ${studentName} must have ${expected}, got [${student.shape}]`);
    }
    const marginName = isList ? `margin[${layer}]` : "margin";
    const bound = checkVector(fn, marginName, margins[layer] as tf.Tensor, channels);
    const weight = 2 ** (layer - pairs.length + 1) / student.shape[0];
    return scalarLoss(
      fn,
      [student],
      (s) => {
        const difference = partialDifference(
          adaptiveAveragePool(teacher, [student.shape[1], student.shape[2]]),
          s,
          bound,
        );
        const value: tf.Scalar = tf.mul(sumAll(tf.square(difference)), weight);
        return { value, saved: [difference] };
      },
      (difference) => [tf.mul(difference, 2 * weight)],
    );
  });
  return tf.tidy(() => sumOf(fn, losses));
}

/** s − max(t, m), or 0 where s ≤ max(t, m) and t ≤ 0. */
function partialDifference(t: tf.Tensor, s: tf.Tensor, margin: tf.Tensor1D): tf.Tensor {
  const target = keepNaN(tf.maximum(t, margin), tf.add(t, margin));
  const difference = tf.sub(s, target);
  const isActive = tf.logicalOr(tf.greater(difference, 0), tf.greater(t, 0));
  return tf.mul(difference, tf.cast(isActive, "float32"));
}
