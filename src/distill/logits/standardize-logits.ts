import * as tf from "@tensorflow/tfjs-core";
import { checkRows, columnsOf } from "../../internal/checks.ts";
import { differentiableRows } from "../../internal/differentiable.ts";
import { flatRows, unflattened } from "../../internal/rows.ts";
import { addEpsilon } from "../../ops/float-range.ts";
import { tiny } from "../../ops/safe-log.ts";
import { centre, rowSum } from "../../ops/sums.ts";

const EPSILON = 1e-7;

/**
 * Logit standardization: scales each row of logits to mean 0 and standard deviation 1, so that a
 * student matches the relations of the teacher's logits and not their magnitude. Apply it to both,
 * then pass the results to {@link kdLoss} or {@link dkdLoss}.
 *
 * $$Z(z)_c = \frac{z_c - \bar z}{10^{-7} + s}, \qquad
 * s^2 = \frac{1}{C-1} \sum_c (z_c - \bar z)^2$$
 *
 * Source: Sun et al., "Logit standardization in knowledge distillation", CVPR 2024
 * (arXiv 2403.01427), algorithm 1; the 1e-7 and the C − 1 follow the authors' code.
 *
 * @param logits float32 [N, C], or [N, …, C] for dense outputs and sequences.
 * @returns float32 of the same shape, dimensionless and differentiable. Rows of equal logits, and a single
 * class, give zeros.
 * @throws If `logits` is not float32 of rank 2 or more.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { kdLoss, standardizeLogits } from "kd-cmi";
 *
 * const teacherLogits = tf.tensor2d([[20, 0, -10], [0, 30, 10]]);
 * const studentLogits = tf.tensor2d([[1, 0, 0], [0, 1, 1]]);
 * const loss = kdLoss(standardizeLogits(teacherLogits), standardizeLogits(studentLogits), {
 *   temperature: 2,
 * });
 * ```
 */
export function standardizeLogits<T extends tf.Tensor>(logits: T): T {
  const fn = "standardizeLogits";
  const z = checkRows(fn, "logits", logits);
  const freedom = Math.max(columnsOf(z) - 1, 1);

  // With x = z − z̄ and D = 1e-7 + s: dz = (g − ḡ)/D − x · Σ_c g_c x_c / (D² s (C−1)), ḡ the mean.
  return differentiableRows(
    fn,
    z,
    (rows) => {
      const x = centre(rows);
      const s = tf.sqrt(tf.mul(rowSum(tf.square(x)), 1 / freedom));
      const y: tf.Tensor2D = tf.div(x, addEpsilon(s, EPSILON));
      return { value: unflattened<T>(y, z.shape), saved: [y, s] };
    },
    (dy, y, s) => {
      const g = flatRows(dy);
      const centred = centre(g);
      const share = tf.div(rowSum(tf.mul(g, y)), tf.mul(tf.maximum(s, tiny()), freedom));
      return tf.sub(tf.div(centred, addEpsilon(s, EPSILON)), tf.mul(y, share));
    },
  );
}
