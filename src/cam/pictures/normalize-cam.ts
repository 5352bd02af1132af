import * as tf from "@tensorflow/tfjs-core";
import { checkCams } from "../../internal/checks.ts";
import { atLeastTiny } from "../../ops/safe-log.ts";

/** A range below this share of the largest absolute value is rounding: the map is constant. */
const CONSTANT = 1e-6;

/** Options of {@link normalizeCam}. */
export interface NormalizeCamOptions {
  /**
   * `"unit"`: from 0 at the least to 1 at the largest value of each map; the default, what
   * {@link overlayCam} paints. `"distribution"`: the same divided by its sum, a probability for each
   * position, what {@link camClusterScore} measures.
   */
  to?: "unit" | "distribution" | undefined;
}

/**
 * Scales each map by its own minimum and maximum.
 *
 * $$u_n = \frac{M_n - \min M_n}{\max M_n - \min M_n}, \qquad d_n = \frac{u_n}{\sum_{x, y} u_n(x,
 * y)}$$
 *
 * The minimum is subtracted for distributions too, so that what is measured is what is painted, and
 * because the zero of {@link eigenCam} means only the mean of the image. Where negative values speak
 * against a class and should count as nothing, give `tf.relu(cams)`. Doing it twice changes nothing.
 *
 * A constant map, zeros included, has no contrast: it becomes 0 everywhere as `"unit"`, and uniform,
 * 1/(h·w), as `"distribution"`. Constant is what varies by less than 1e-6 of its largest absolute
 * value, which is rounding.
 *
 * @param cams float32 [N, h, w].
 * @param options `to`, see {@link NormalizeCamOptions}.
 * @returns float32 [N, h, w]. No gradient is defined.
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
export function normalizeCam(
  cams: tf.Tensor,
  { to = "unit" }: NormalizeCamOptions = {},
): tf.Tensor3D {
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
