import * as tf from "@tensorflow/tfjs-core";
import { checkMaps } from "../../internal/checks.ts";
import { prefersSingleProducts } from "../../ops/batch-product.ts";
import { chunkSize, mapChunks } from "./chunks.ts";
import { fixSign, principalProjection } from "./principal-axis.ts";

/**
 * Eigen-CAM: projects the activations of each image on their first principal axis over the
 * channels, along which the positions differ most. Needs neither labels nor gradients.
 *
 * $$M_n = (A_n - \bar A_n) \, v_n, \qquad v_n = \arg\max_{|v| = 1} | (A_n - \bar A_n) \, v |$$
 *
 * A_n holds the h·w positions as rows of K channels, and the bar is their mean. The sign of an axis
 * is arbitrary: here, the larger absolute extreme of each map is positive (rounding decides a tie).
 *
 * The axis is computed from the smaller of the two Gram matrices, h·w or K, by repeated squaring up
 * to the power 2^15: singular values that differ by 0.05 % are separated as far as float32 allows.
 * If they are equal, the result is an axis in their common space, the same in every run. A large
 * batch is processed in parts, with less memory than the activations themselves take.
 *
 * Source: Muhammad, Yeasin, "Eigen-CAM: class activation map using principal components", IJCNN
 * 2020 (arXiv 2008.00299); centring follows pytorch-grad-cam's `get_2d_projection`.
 *
 * @param activations float32 [N, h, w, K].
 * @returns float32 [N, h, w], in units of the activations, with mean 0 over the positions of each
 * map; zeros for an image whose positions are all equal. {@link normalizeCam} scales it. No
 * gradient is defined.
 * @throws If a shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { eigenCam } from "kd-cmi";
 *
 * const cams = eigenCam(tf.randomUniform([2, 7, 7, 16])); // [2, 7, 7]
 * ```
 */
export function eigenCam(activations: tf.Tensor): tf.Tensor3D {
  const maps = checkMaps("eigenCam", "activations", activations);
  const [n, h, w, k] = maps.shape;
  const size = prefersSingleProducts() ? 1 : chunkSize(maps);
  return tf.tidy(() => {
    const project = (chunk: tf.Tensor4D) =>
      principalProjection(tf.reshape(chunk, [chunk.shape[0], h * w, k]));
    const projections: tf.Tensor2D = tf.reshape(mapChunks(maps, size, project), [n, h * w]);
    return tf.reshape(fixSign(projections), [n, h, w]);
  });
}
