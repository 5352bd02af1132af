import * as tf from "@tensorflow/tfjs-core";
import { checkLabelRank, checkSquareImages } from "../../internal/checks.ts";

const ROTATIONS = 4;

/**
 * Every image of a batch in four rotations, counter-clockwise by 0, 90, 180 and 270°, the input of
 * networks that learn the rotation beside the class. Image i becomes the images 4i…4i+3, so that the
 * unrotated ones are every fourth.
 *
 * Made for inputs: kd-cmi defines no gradient for it.
 *
 * Source: Yang et al., "Hierarchical self-supervised augmented knowledge distillation", IJCAI 2021
 * (arXiv 2107.13715), section 3.
 *
 * @param images [N, S, S, C], float32 or int32.
 * @returns [4N, S, S, C] of the same dtype.
 * @throws If `images` is not of rank 4 or its height and width differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { rotateBatch } from "kd-cmi";
 *
 * const images = tf.randomUniform([8, 32, 32, 3]) as tf.Tensor4D;
 * const rotated = rotateBatch(images); // [32, 32, 32, 3]
 * ```
 */
export function rotateBatch(images: tf.Tensor): tf.Tensor4D {
  const x = checkSquareImages("rotateBatch", "images", images);
  const [batch, size, , channels] = x.shape;
  return tf.tidy(() => {
    const transposed = tf.transpose(x, [0, 2, 1, 3]);
    const rotations = [
      x,
      tf.reverse(transposed, 1),
      tf.reverse(x, [1, 2]),
      tf.reverse(transposed, 2),
    ];
    const rows = rotations.map((y) => tf.reshape(y, [batch, -1]));
    return tf.reshape(tf.concat(rows, 1), [ROTATIONS * batch, size, size, channels]);
  });
}

/**
 * The joint labels of class and rotation for the images that {@link rotateBatch} gives:
 * 4 · label + rotation, one of 4C classes.
 *
 * @param labels int32 class indices [N] or one-hot [N, C] of any dtype. An index is not checked: one
 * outside 0…C−1 stays outside 0…4C−1. See {@link checkLabels}.
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
