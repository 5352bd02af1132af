import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkNumber, checkOptions } from "../../internal/checks.ts";
import { scalarLoss, sumOf } from "../../internal/differentiable.ts";
import { keepNaNAlone } from "../../ops/keep-nan.ts";
import { scaledSum } from "../../ops/sums.ts";
import { type LayerFeatures, pairEqualLayers } from "../layer-pairs.ts";

/** Options of {@link activationBoundaryLoss}. */
export interface ActivationBoundaryOptions {
  /**
   * The margin μ ≥ 0 by which the student should cross the boundary; default 1, as in the paper.
   */
  margin?: number | undefined;
}

/**
 * Activation boundaries (AB): a squared hinge loss that moves each of the student's pre-activations
 * to the teacher's side of zero, by at least a margin. Summed over layers, in squared units of the
 * pre-activations.
 *
 * $$L = \frac{3}{1000 N} \sum_{\ell=0}^{L-1} 2^{\ell-L+1} \sum_j
 * \max(0, \mu - \sigma_j s_{\ell j})^2, \qquad
 * \sigma_j = \begin{cases} +1 & t_{\ell j} > 0 \\ -1 & t_{\ell j} \le 0 \end{cases}$$
 *
 * s and t are the student's and the teacher's values before the ReLU, and j runs over all entries
 * of all samples. The last layer has the largest weight, and each layer before it has half the
 * weight of the next one.
 *
 * Use when: a first stage that initialises the student's feature maps is acceptable.
 *
 * Usual weight: 1, in a first stage that trains the student's features with this loss alone, before
 * the classifier is trained (RepDistiller, scripts/run_cifar_distill.sh and train_student.py).
 *
 * Trainable parts: a connector per layer from the student's features to the teacher's shape, for maps
 * `boundaryConnector` of `kd-cmi/layers`; none if the shapes are equal.
 *
 * Source: Heo et al., "Knowledge transfer via distillation of activation boundaries formed by
 * hidden neurons", AAAI 2019 (arXiv 1811.03233), the piecewise differentiable loss; the factor
 * 3/1000 and the weights of the layers follow RepDistiller.
 *
 * @param teacherFeatures float32 [N, …] of rank 2 or more, or a list of such from input to output;
 * constants, no gradient flows into them.
 * @param studentFeatures float32, of the same shape or shapes.
 * @param options `margin`, see {@link ActivationBoundaryOptions}.
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
  options: ActivationBoundaryOptions = {},
): tf.Scalar {
  checkOptions("activationBoundaryLoss", options, ["margin"]);
  const { margin = 1 } = options;
  const names = ["teacherFeatures", "studentFeatures"] as const;
  const fn = "activationBoundaryLoss";
  const pairs = pairEqualLayers(fn, names, teacherFeatures, studentFeatures, checkFeatures);
  checkNumber(fn, "margin", margin, { minimum: 0 });

  // The last layer has weight 0.003, each layer before it half of the next. With the violation
  // v = max(0, μ − σ s): dL/ds = −2 w σ v.
  const losses = pairs.map(({ teacher, student }, layer) => {
    const weight = (0.003 * 2 ** (layer - pairs.length + 1)) / student.shape[0]!;
    return scalarLoss(
      fn,
      [student],
      (s) => {
        const side = tf.tidy(() => keepNaNAlone(tf.step(teacher, -1), teacher));
        const violation = tf.tidy(() => {
          const excess = tf.sub(margin, tf.mul(side, s));
          return keepNaNAlone(tf.relu(excess), excess);
        });
        const value = scaledSum(tf.square(violation), weight);
        return { value, saved: [tf.mul(side, violation)] };
      },
      (signed) => [tf.mul(signed, -2 * weight)],
    );
  });
  return tf.tidy(() => sumOf(fn, losses));
}
