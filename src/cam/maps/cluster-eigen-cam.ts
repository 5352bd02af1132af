import * as tf from "@tensorflow/tfjs-core";
import { checkMaps } from "../../internal/checks.ts";
import { matMul } from "../../ops/mat-mul.ts";
import { atLeastTiny } from "../../ops/safe-log.ts";
import { transposeMatrix } from "../../ops/transpose-matrix.ts";
import { chunkSize, mapChunks, sumChunks } from "./chunks.ts";
import { fixSign, leadingEigenvector, principalProjection } from "./principal-axis.ts";

/**
 * Eigen-CAM of a cluster, such as the images of one class: projects the activations of all images
 * on the same axis, the first principal axis over all positions of all images, so that the maps can
 * be compared.
 *
 * $$M_n = (A_n - \bar A) \, v, \qquad v = \arg\max_{|v| = 1} \sum_n | (A_n - \bar A) \, v |^2$$
 *
 * A_n holds the h·w positions as rows of K channels, and the bar is their mean over the whole
 * cluster. The sign is chosen so that the larger absolute extreme of the whole cluster is positive.
 * The algorithm is that of {@link eigenCam}, on the smaller Gram matrix, N·h·w or K.
 *
 * Source: the method of Muhammad and Yeasin, see {@link eigenCam}; the common axis of a cluster is
 * specific to this library.
 *
 * @param activations float32 [N, h, w, K], all of one cluster.
 * @returns float32 [N, h, w], in units of the activations, with mean 0 over the whole cluster;
 * zeros if all positions are equal. No gradient is defined.
 * @throws If a shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { clusterEigenCam } from "kd-cmi";
 *
 * const activationsOfClass = tf.randomUniform([8, 7, 7, 16]);
 * const cams = clusterEigenCam(activationsOfClass); // [8, 7, 7]
 * ```
 */
export function clusterEigenCam(activations: tf.Tensor): tf.Tensor3D {
  const maps = checkMaps("clusterEigenCam", "activations", activations);
  const [n, h, w, k] = maps.shape;
  const rows = n * h * w;
  return tf.tidy(() => {
    const projection =
      rows < k ? principalProjection(tf.reshape(maps, [1, rows, k])) : projectInParts(maps);
    const row: tf.Tensor2D = tf.reshape(projection, [1, rows]);
    return tf.reshape(fixSign(row), [n, h, w]);
  });
}

/** Computes `principalProjection` of all rows by sums over parts of them. */
function projectInParts(maps: tf.Tensor4D): tf.Tensor {
  const [, h, w, k] = maps.shape;
  const size = chunkSize(maps);
  const toRows = (chunk: tf.Tensor4D): tf.Tensor2D => tf.reshape(chunk, [-1, k]);
  const sum = sumChunks(maps, size, (chunk) => tf.sum(toRows(chunk), 0, true));
  const mean = tf.mul(sum, 1 / (maps.shape[0] * h * w));
  const scale = atLeastTiny(tf.maximum(tf.max(maps), tf.neg(tf.min(maps))));
  const centre = (chunk: tf.Tensor4D): tf.Tensor2D => tf.div(tf.sub(toRows(chunk), mean), scale);
  const gram = sumChunks(maps, size, (chunk): tf.Tensor3D => {
    const rows = centre(chunk);
    return tf.expandDims(matMul(transposeMatrix(rows), rows));
  });
  const axis: tf.Tensor2D = tf.squeeze(leadingEigenvector(gram), [0]);
  return tf.mul(
    mapChunks(maps, size, (chunk) => matMul(centre(chunk), axis)),
    scale,
  );
}
