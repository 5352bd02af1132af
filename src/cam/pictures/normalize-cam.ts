import * as tf from "@tensorflow/tfjs-core";
import { checkCams, checkOptions } from "../../internal/checks.ts";
import { atLeastTiny } from "../../ops/safe-log.ts";

/**
 * A range below this fraction of the largest absolute value is rounding error: the map is constant.
 */
const CONSTANT = 1e-6;

/** Options of {@link normalizeCam}. */
export interface NormalizeCamOptions {
  /**
   * `"unit"`, the default: 0 at the smallest and 1 at the largest value of each map, as
   * {@link overlayCam} expects. `"distribution"`: the same divided by its sum, a probability for
   * each position, as {@link camClusterScore} expects.
   */
  to?: "unit" | "distribution" | undefined;
}

/**
 * Scales each map by its own minimum and maximum.
 *
 * $$u_n = \frac{M_n - \min M_n}{\max M_n - \min M_n}, \qquad d_n = \frac{u_n}{\sum_{x, y} u_n(x,
 * y)}$$
 *
 * The minimum is subtracted for distributions too, so that the measured map is the displayed one,
 * and because the zero of {@link eigenCam} is only the mean of the image. If negative values are
 * evidence against a class and should be ignored, pass `tf.relu(cams)`. Normalising twice changes
 * nothing.
 *
 * A constant map, including zeros, has no contrast: it becomes 0 everywhere as `"unit"`, and
 * uniform, 1/(h·w), as `"distribution"`. A map is constant if it varies by less than 1e-6 of its
 * largest absolute value, which is rounding error.
 *
 * @param cams float32 [N, h, w].
 * @param options `to`, see {@link NormalizeCamOptions}.
 * @returns float32 [N, h, w], dimensionless. No gradient is defined.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { eigenCam, normalizeCam } from "kd-cmi";
 *
 * const cams = eigenCam(tf.randomUniform([2, 7, 7, 16]));
 * const shares = normalizeCam(cams, { to: "distribution" }); // each map sums to 1
 * ```
 */
export function normalizeCam(cams: tf.Tensor, options: NormalizeCamOptions = {}): tf.Tensor3D {
  checkOptions("normalizeCam", options, ["to"]);
  const { to = "unit" } = options;
  const [n, h, w] = checkCams("normalizeCam", "cams", cams).shape;
  if (to !== "unit" && to !== "distribution") {
    throw new Error(`normalizeCam: to must be "unit" or "distribution", got ${to}`);
  }
  return tf.tidy(() => {
    const rows = tf.reshape(cams, [n, h * w]);
    const [least, most] = [tf.min(rows, 1, true), tf.max(rows, 1, true)];
    const range = tf.sub(most, least);
    const rounding = tf.mul(tf.maximum(tf.abs(most), tf.abs(least)), CONSTANT);
    const varies = tf.step(tf.sub(range, rounding)); // 1 for a map that is not constant
    const unit = tf.mul(tf.div(tf.sub(rows, least), atLeastTiny(range)), varies);
    if (to === "unit") return tf.reshape(unit, [n, h, w]);
    const filled = tf.add(unit, tf.sub(1, varies));
    return tf.reshape(tf.div(filled, tf.sum(filled, 1, true)), [n, h, w]);
  });
}
