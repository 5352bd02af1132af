import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { meanAll } from "../../ops/sums.ts";
import { type LayerFeatures, pairEqualLayers, sumOverLayers } from "../layer-pairs.ts";

/**
 * Hint loss of FitNets: the mean squared error between the teacher's features and the student's,
 * which a trained regressor brings to the teacher's shape. In squared units of the features.
 *
 * $$L = \frac{1}{|x|} \sum_j (x^s_j - x^t_j)^2$$
 *
 * The mean is over all entries j of all samples. For a list of layers, the result is the sum over
 * layers; the paper uses one layer.
 *
 * Use when: one intermediate layer of the teacher should guide the student. The simplest of the
 * feature losses.
 *
 * Usual weight: 100 (RepDistiller, scripts/run_cifar_distill.sh).
 *
 * Trainable parts: a regressor from the student's features to the teacher's shape, for maps
 * `hintRegressor` of `kd-cmi/layers`, for rows `linearEmbedding`; none if the shapes are equal.
 *
 * Source: Romero et al., "FitNets: hints for thin deep nets", ICLR 2015 (arXiv 1412.6550), eq. 3;
 * the mean instead of half the sum follows RepDistiller.
 *
 * @param teacherFeatures float32 [N, …] of rank 2 or more, or a list of such, one per layer;
 * constants, no gradient flows into them.
 * @param studentFeatures float32, of the same shape or shapes.
 * @returns A scalar of at least 0.
 * @throws If a shape or dtype is not as described, or the lengths of the lists differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { hintLoss } from "kd-cmi";
 *
 * const teacherFeatures = tf.randomNormal([2, 4, 4, 8]);
 * const studentFeatures = tf.randomNormal([2, 4, 4, 8]);
 * const loss = hintLoss(teacherFeatures, studentFeatures);
 * ```
 */
export function hintLoss(
  teacherFeatures: LayerFeatures,
  studentFeatures: LayerFeatures,
): tf.Scalar {
  const names = ["teacherFeatures", "studentFeatures"] as const;
  const pairs = pairEqualLayers("hintLoss", names, teacherFeatures, studentFeatures, checkFeatures);
  return sumOverLayers("hintLoss", pairs, (teacher, student) =>
    scalarLoss(
      "hintLoss",
      [student],
      (s) => {
        const difference = tf.sub(s, teacher);
        return { value: meanAll(tf.square(difference)), saved: [difference] };
      },
      (difference) => [tf.mul(difference, 2 / difference.size)],
    ),
  );
}
