import type * as tf from "@tensorflow/tfjs-core";
import { checkCams, checkInteger, checkLabelShape, checkOptions } from "../../internal/checks.ts";
import {
  CamClusterEstimator,
  type CamClusterOptions,
  type CamClusterReport,
} from "./cam-cluster-estimator.ts";

/**
 * Computes how much the maps of a class differ from each other, and how much of the image they
 * cover: I(X;S|Y) in nats, coverage, and the mean Jensen–Shannon divergence over all pairs of a
 * class. For formulas, sources and accuracy see {@link CamClusterEstimator}, which processes
 * batches.
 *
 * @param labels int32 class indices [N] or one-hot [N, C].
 * @param cams float32 [N, h, w], at least 0, such as the result of {@link normalizeCam}. Each map
 * is divided by its sum, and a map of zeros counts as uniform.
 * @param options `numClasses`, see {@link CamClusterOptions}.
 * @returns The scores over all maps, and `perClass`; see {@link CamClusterReport}.
 * @throws Rejects if a shape or dtype is not as described, if a label is invalid, or if a map has a
 * value that is negative or not finite.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { camClusterScore, eigenCam, normalizeCam } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1, 0], "int32");
 * const cams = normalizeCam(eigenCam(tf.randomUniform([4, 7, 7, 16])), { to: "distribution" });
 * const { cmi, coverage, divergence, perClass } = await camClusterScore(labels, cams, {
 *   numClasses: 2,
 * });
 * ```
 */
export async function camClusterScore(
  labels: tf.Tensor,
  cams: tf.Tensor,
  options: CamClusterOptions,
): Promise<CamClusterReport> {
  checkOptions("camClusterScore", options, ["numClasses"]);
  const { numClasses } = options;
  checkInteger("camClusterScore", "numClasses", numClasses, 1);
  const batch = checkCams("camClusterScore", "cams", cams).shape[0];
  checkLabelShape("camClusterScore", labels, { shape: [batch, numClasses] });

  const estimator = new CamClusterEstimator({ numClasses });
  estimator.update(labels, cams);
  return estimator.result();
}
