import * as tf from "@tensorflow/tfjs-core";
import { oneHot } from "./one-hot.ts";

/**
 * Resizes maps by nearest neighbour, up or down: [N, H, W, C] → [N, height, width, C]. Output i is
 * input ⌊i · in / out⌋. Differentiable with the gradients that tfjs registers.
 *
 * The gradient of `tf.image.resizeNearestNeighbor` is wrong on cpu for more than one image (tfjs
 * 4.22). This function multiplies by a one-hot matrix along each axis instead.
 */
export function resizeNearest(maps: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  return tf.tidy(() => {
    const rows = resizeAndRotate(maps, height);
    return tf.transpose(resizeAndRotate(rows, width), [0, 2, 3, 1]);
  });
}

/** Resizes the second axis and makes it the last. */
function resizeAndRotate(maps: tf.Tensor4D, size: number): tf.Tensor4D {
  const x = tf.transpose(maps, [0, 2, 3, 1]);
  const [a, b, c, length] = x.shape;
  const nearest = Array.from({ length: size }, (_, i) => Math.floor((i * length) / size));
  const chosen = oneHot(tf.tensor1d(nearest, "int32"), length); // [size, length]
  const resized = tf.matMul(tf.reshape(x, [-1, length]), tf.transpose(chosen));
  return tf.reshape(resized, [a, b, c, size]);
}
