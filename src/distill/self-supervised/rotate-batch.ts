import * as tf from "@tensorflow/tfjs-core";
import { checkSquareImages } from "../../internal/checks.ts";

/** Rotations of an image. */
export const ROTATIONS = 4;

/**
 * Rotates every image of a batch counter-clockwise by 0, 90, 180 and 270°: the input of networks
 * that predict the rotation in addition to the class. Image i becomes images 4i…4i+3, so every
 * fourth image is unrotated.
 *
 * Meant for network inputs: kd-cmi defines no gradient for it.
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
