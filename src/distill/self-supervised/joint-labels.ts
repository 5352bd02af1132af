import * as tf from "@tensorflow/tfjs-core";
import { checkLabelRank } from "../../internal/checks.ts";
import { ROTATIONS } from "./rotate-batch.ts";

/**
 * Computes the joint labels of class and rotation for the images of {@link rotateBatch}: 4 ·
 * label + rotation, one of 4C classes.
 *
 * Source: Yang et al., IJCAI 2021 (arXiv 2107.13715), section 3.
 *
 * @param labels int32 class indices [N] or one-hot [N, C] of any dtype. Indices are not checked:
 * one outside 0…C−1 stays outside 0…4C−1. See {@link checkLabels}.
 * @returns int32 [4N] for indices, float32 one-hot [4N, 4C] for one-hot rows.
 * @throws If `labels` has another dtype or rank.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { jointLabels } from "kd-cmi";
 *
 * jointLabels(tf.tensor1d([2, 0], "int32")).print(); // [8, 9, 10, 11, 0, 1, 2, 3]
 * ```
 */
export function jointLabels<L extends tf.Tensor>(labels: L): L {
  checkLabelRank("jointLabels", labels);
  return tf.tidy(() => {
    if (labels.rank === 1) {
      const first = tf.mul(tf.expandDims(labels, 1), tf.scalar(ROTATIONS, "int32"));
      return tf.reshape(tf.add(first, tf.range(0, ROTATIONS, 1, "int32")), [-1]) as L;
    }
    const [batch, classes] = labels.shape as [number, number];
    const rows = tf.reshape(tf.cast(labels, "float32"), [batch, 1, classes, 1]);
    const joint = tf.mul(rows, tf.reshape(tf.eye(ROTATIONS), [1, ROTATIONS, 1, ROTATIONS]));
    return tf.reshape(joint, [ROTATIONS * batch, ROTATIONS * classes]) as L;
  });
}
