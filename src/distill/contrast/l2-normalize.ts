import * as tf from "@tensorflow/tfjs-core";
import { checkMatrix } from "../../internal/checks.ts";
import { differentiable } from "../../internal/differentiable.ts";
import { rowSum } from "../../ops/sums.ts";

/**
 * Scales each row to Euclidean length 1, as contrastive losses expect their embeddings.
 *
 * $$y_i = \frac{x_i}{\lVert x_i \rVert_2}$$
 *
 * Rows are first divided by their largest absolute entry, so that squares neither overflow nor
 * underflow. A row of zeros has no direction: it stays zero and its gradient is zero, whereas the
 * reference gives NaN.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.2.
 *
 * @param x float32 [N, dim].
 * @returns float32 [N, dim], dimensionless. Differentiable with respect to x.
 * @throws If the shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { l2Normalize } from "kd-cmi";
 *
 * const embedding = l2Normalize(tf.tensor2d([[3, 4], [0, 0]])); // [[0.6, 0.8], [0, 0]]
 * ```
 */
export function l2Normalize(x: tf.Tensor): tf.Tensor2D {
  const rows = checkMatrix("l2Normalize", "x", x, "dim");

  // dx = (dy − y ⟨y, dy⟩) / ‖x‖
  return differentiable(
    "l2Normalize",
    [rows],
    (x) => {
      const largest = tf.max(tf.abs(x), 1, true);
      const scaled = tf.divNoNan(x, largest);
      const length = tf.sqrt(rowSum(tf.square(scaled)));
      const y: tf.Tensor2D = tf.divNoNan(scaled, length);
      return { value: y, saved: [y, tf.mul(largest, length)] };
    },
    (dy, y, length) => {
      const along = tf.mul(y, rowSum(tf.mul(y, dy)));
      return [tf.divNoNan(tf.sub(dy, along), length)];
    },
  );
}
