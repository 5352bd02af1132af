import * as tf from "@tensorflow/tfjs-core";
import { checkSameBatch } from "../../internal/checks.ts";
import { differentiable, sumOf } from "../../internal/differentiable.ts";
import { batchProduct } from "../../ops/batch-product.ts";
import { meanAll } from "../../ops/sums.ts";
import { type LayerPair, pairMaps } from "../layer-pairs.ts";
import { commonSize, pooledPositions, pooledPositionsGradient } from "./pooled-positions.ts";

/**
 * Flow of the solution procedure (FSP): the mean squared difference between the flow matrices of
 * teacher and student, summed over pairs of consecutive layers. In the fourth power of the maps'
 * unit.
 *
 * $$L = \sum_{\ell=1}^{L-1} \frac{1}{N C_\ell C_{\ell+1}} \sum_{i=1}^{N}
 * \left\| G^s_{\ell i} - G^t_{\ell i} \right\|_F^2, \qquad
 * G_{\ell i} = \frac{1}{H W} \sum_{h,w} x_{\ell i}(h, w) \, x_{\ell+1,i}(h, w)^\top$$
 *
 * Of two consecutive layers, the larger map is average-pooled to the smaller size along each axis,
 * with windows that overlap if one size does not divide the other (PyTorch's `adaptive_avg_pool2d`;
 * RepDistiller compares the height only and assumes square maps). Teacher and student may differ in
 * size but not in channels.
 *
 * Use when: both networks have stages with the same channels, and a first stage of training is
 * acceptable.
 *
 * Usual weight: 50, in a first stage that trains the student's features with this loss alone,
 * before the classifier is trained (RepDistiller, scripts/run_cifar_distill.sh and
 * train_student.py).
 *
 * Trainable parts: none.
 *
 * Source: Yim et al., "A gift from knowledge distillation: fast optimization, network minimization
 * and transfer learning", CVPR 2017, eq. 1 and 2; the mean over matrix entries follows
 * RepDistiller.
 *
 * @param teacherMaps At least two float32 [N, H, W, C], from input to output; constants, no
 * gradient flows into them.
 * @param studentMaps The same number of float32 [N, H', W', C], each with the teacher's channels.
 * @returns A scalar of at least 0.
 * @throws If a shape or dtype is not as described, or batches, channels or lengths differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { fspLoss } from "kd-cmi";
 *
 * const teacherMaps = [tf.randomNormal([2, 8, 8, 4]), tf.randomNormal([2, 4, 4, 8])];
 * const studentMaps = [tf.randomNormal([2, 8, 8, 4]), tf.randomNormal([2, 4, 4, 8])];
 * const loss = fspLoss(teacherMaps, studentMaps);
 * ```
 */
export function fspLoss(
  teacherMaps: readonly tf.Tensor[],
  studentMaps: readonly tf.Tensor[],
): tf.Scalar {
  const pairs = checkLayers(teacherMaps, studentMaps);
  return tf.tidy(() =>
    sumOf(
      "fspLoss",
      pairs.slice(1).map((upper, i) => flowLoss(pairs[i]!, upper)),
    ),
  );
}

/**
 * The loss of two consecutive layers. With D = (Gˢ − Gᵗ) · 2 / (N C C' H W) for each sample, and
 * the positions as rows of x: dL/dx_ℓ = x_{ℓ+1} Dᵀ and dL/dx_{ℓ+1} = x_ℓ D, then back through the
 * pooling of the larger map.
 */
function flowLoss(lower: LayerPair<tf.Tensor4D>, upper: LayerPair<tf.Tensor4D>): tf.Scalar {
  const size = commonSize(lower.student, upper.student);
  return differentiable(
    "fspLoss",
    [lower.student, upper.student],
    (x, y) => {
      const { a, b, matrix } = flow(x, y);
      const difference: tf.Tensor3D = tf.sub(matrix, flow(lower.teacher, upper.teacher).matrix);
      return { value: meanAll(tf.square(difference)), saved: [a, b, difference] };
    },
    (dy, a, b, difference) => {
      const scale = 2 / (difference.size * a.shape[1]);
      const d: tf.Tensor3D = tf.mul(difference, tf.mul(dy, scale));
      return [
        pooledPositionsGradient(batchProduct(b, d, { b: true }), size, lower.student.shape),
        pooledPositionsGradient(batchProduct(a, d), size, upper.student.shape),
      ];
    },
  );
}

/**
 * The flow matrices [N, C, C'] of two layers, and both layers pooled, [N, H·W, C] and [N, H·W, C'].
 */
function flow(lower: tf.Tensor4D, upper: tf.Tensor4D) {
  const size = commonSize(lower, upper);
  const [a, b] = [pooledPositions(lower, size), pooledPositions(upper, size)];
  return { a, b, matrix: tf.mul(batchProduct(a, b, { a: true }), 1 / a.shape[1]) };
}

function checkLayers(teacherMaps: readonly tf.Tensor[], studentMaps: readonly tf.Tensor[]) {
  const names = ["teacherMaps", "studentMaps"] as const;
  const pairs = pairMaps("fspLoss", names, teacherMaps, studentMaps);
  if (pairs.length < 2) {
    const got = Array.isArray(teacherMaps) ? "1" : "a single tensor";
    throw new Error(`fspLoss: ${names.join(" and ")} must be lists of at least 2 maps, got ${got}`);
  }
  const { teacher: first, teacherName: firstName } = pairs[0]!;
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameBatch("fspLoss", teacherName, teacher, firstName, first);
    if (student.shape[3] !== teacher.shape[3]) {
      const expected = `the channels of ${teacherName} [${teacher.shape}]`;
      throw new Error(`fspLoss: ${studentName} must have ${expected}, got [${student.shape}]`);
    }
  }
  return pairs;
}
