import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkNumber } from "../../internal/checks.ts";
import { scalarLoss, sumOf } from "../../internal/differentiable.ts";
import { sumAll } from "../../ops/sums.ts";
import { type LayerFeatures, pairEqualLayers } from "../layer-pairs.ts";

/** Options of {@link activationBoundaryLoss}. */
export interface ActivationBoundaryOptions {
  /** The margin μ ≥ 0 by which the student should pass the boundary; default 1, as in the paper. */
  margin?: number | undefined;
}

/**
 * Activation boundaries (AB): a squared hinge that draws each of the student's pre-activations to
 * the side of zero on which the teacher's lies, a margin beyond it. Summed over layers, in squared
 * units of the pre-activations.
 *
 * $$L = \frac{3}{1000 N} \sum_{\ell=0}^{L-1} 2^{\ell-L+1} \sum_j
 * \max(0, \mu - \sigma_j s_{\ell j})^2, \qquad
 * \sigma_j = \begin{cases} +1 & t_{\ell j} > 0 \\ -1 & t_{\ell j} \le 0 \end{cases}$$
 *
 * s and t are the student's and the teacher's values before the ReLU, j runs over all entries, those
 * of all samples included. The last layer counts most, each one before it half as much.
 *
 * Usual weight: 1, in a first stage that trains the student's features by this loss alone, before
 * the classifier is trained (RepDistiller, scripts/run_cifar_distill.sh and train_student.py).
 *
 * Trainable parts: a connector per layer from the student's features to the teacher's shape, a
 * convolution with batch normalisation; none where the shapes agree already.
 *
 * Source: Heo et al., "Knowledge transfer via distillation of activation boundaries formed by hidden
 * neurons", AAAI 2019 (arXiv 1811.03233), the piecewise differentiable loss; the factor 3/1000 and
 * the weights of the layers are those of RepDistiller.
 *
 * @param teacherFeatures float32 [N, …] of rank 2 or more, or a list of such from input to output;
 * constants, no gradient flows into them.
 * @param studentFeatures float32, of the same shape or shapes.
 * @returns A scalar of at least 0.
 * @throws If a shape, dtype or option is not as described, or the lengths of the lists differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { activationBoundaryLoss } from "kd-cmi";
 *
 * const teacherFeatures = [tf.randomNormal([2, 8, 8, 4]), tf.randomNormal([2, 4, 4, 8])];
 * const studentFeatures = [tf.randomNormal([2, 8, 8, 4]), tf.randomNormal([2, 4, 4, 8])];
 * const loss = activationBoundaryLoss(teacherFeatures, studentFeatures, { margin: 1 });
 * ```
 */
export function activationBoundaryLoss(
  teacherFeatures: LayerFeatures,
  studentFeatures: LayerFeatures,
  { margin = 1 }: ActivationBoundaryOptions = {},
): tf.Scalar {
  const names = ["teacherFeatures", "studentFeatures"] as const;
  const fn = "activationBoundaryLoss";
  const pairs = pairEqualLayers(fn, names, teacherFeatures, studentFeatures, checkFeatures);
  checkNumber(fn, "margin", margin, { minimum: 0 });

  // The last layer has the weight 0.003, each one before it half as much. With the violation
  // v = max(0, μ − σ s): dL/ds = −2 w σ v.
  const losses = pairs.map(({ teacher, student }, layer) => {
    const weight = (0.003 * 2 ** (layer - pairs.length + 1)) / student.shape[0]!;
    return scalarLoss(
      fn,
      [student],
      (s) => {
        const side = tf.step(teacher, -1);
        const violation = tf.relu(tf.sub(margin, tf.mul(side, s)));
        const value: tf.Scalar = tf.mul(sumAll(tf.square(violation)), weight);
        return { value, saved: [tf.mul(side, violation)] };
      },
      (signed) => [tf.mul(signed, -2 * weight)],
    );
  });
  return tf.tidy(() => sumOf(fn, losses));
}
