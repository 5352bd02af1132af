import * as tf from "@tensorflow/tfjs-core";
import { checkLabelShape, checkMaps, checkMatrix } from "../../internal/checks.ts";
import { classRows } from "../../internal/labels.ts";
import { matMul } from "../../ops/mat-mul.ts";
import { weighChannels } from "./weigh-channels.ts";

/**
 * Class activation maps (CAM) of a network that ends in global average pooling and one dense layer:
 * the contribution of each position to the logit of a class.
 *
 * $$M_n(x, y) = \sum_k w_{k, y_n} \, A_n(x, y, k)$$
 *
 * The mean of a map over its positions is the logit minus its bias. For other networks, see
 * {@link gradCam}.
 *
 * Source: Zhou et al., "Learning deep features for discriminative localization", CVPR 2016
 * (arXiv 1512.04150), eq. 2.
 *
 * @param activations float32 [N, h, w, K], the maps that enter the pooling.
 * @param classWeights float32 [K, C], the kernel of the dense layer.
 * @param labels The class to explain, for each sample: int32 indices [N] or [N, 1], or
 * rows [N, C], of which the largest entry counts. A row
 * whose index is outside 0…C−1 gets a map of zeros.
 * @returns float32 [N, h, w], in units of the logits, of either sign; {@link normalizeCam} scales
 * it. Meant for visualisation: no gradient is defined.
 * @throws If a shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { classActivationMap } from "kd-cmi";
 *
 * const activations = tf.randomUniform([2, 7, 7, 16]);
 * const classWeights = tf.randomNormal([16, 10]);
 * const labels = tf.tensor1d([3, 8], "int32");
 * const cams = classActivationMap(activations, classWeights, labels); // [2, 7, 7]
 * ```
 */
export function classActivationMap(
  activations: tf.Tensor,
  classWeights: tf.Tensor,
  labels: tf.Tensor,
): tf.Tensor3D {
  const fn = "classActivationMap";
  const maps = checkMaps(fn, "activations", activations);
  const [n, , , k] = maps.shape;
  const weights = checkMatrix(fn, "classWeights", classWeights, "classes", "channels");
  const numClasses = weights.shape[1];
  if (weights.shape[0] !== k) {
    const expected = `a row for each of the ${k} channels of activations [${maps.shape}]`;
    throw new Error(`${fn}: classWeights must have ${expected}, got [${weights.shape}]`);
  }
  checkLabelShape(fn, labels, { shape: [n, numClasses] });

  return tf.tidy(() => {
    const own = matMul(classRows(labels, numClasses), tf.transpose(weights));
    return weighChannels(maps, own);
  });
}
