import * as tf from "@tensorflow/tfjs-core";
import { matMul } from "../../ops/mat-mul.ts";

/** Σ_k w_nk A_n(x, y, k): activations [N, h, w, K] and weights [N, K] → [N, h, w]. */
export function weighChannels(activations: tf.Tensor4D, weights: tf.Tensor): tf.Tensor3D {
  const [n, h, w, k] = activations.shape;
  // A matrix product needs no second [N, h, w, K], unlike tf.mul and tf.sum.
  const maps = tf.reshape(activations, [n, h * w, k]);
  return tf.reshape(matMul(maps, tf.reshape(weights, [n, k, 1])), [n, h, w]);
}
