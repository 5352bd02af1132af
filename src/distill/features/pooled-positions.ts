import * as tf from "@tensorflow/tfjs-core";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
  type MapSize,
} from "../../ops/adaptive-average-pool.ts";

/** The smaller of the two heights and the smaller of the two widths. */
export const commonSize = (a: tf.Tensor4D, b: tf.Tensor4D): MapSize => [
  Math.min(a.shape[1], b.shape[1]),
  Math.min(a.shape[2], b.shape[2]),
];

/**
 * Maps pooled to a size, each position as a row of channels: [N, H, W, C] → [N, height · width, C].
 */
export function pooledPositions(maps: tf.Tensor4D, size: MapSize): tf.Tensor3D {
  const [batch, , , channels] = maps.shape;
  return tf.reshape(adaptiveAveragePool(maps, size), [batch, -1, channels]);
}

/** The adjoint of {@link pooledPositions}, for maps of the given shape. */
export function pooledPositionsGradient(
  dy: tf.Tensor3D,
  size: MapSize,
  shape: tf.Tensor4D["shape"],
): tf.Tensor4D {
  const pooled: tf.Tensor4D = tf.reshape(dy, [shape[0], ...size, shape[3]]);
  return adaptiveAveragePoolGradient(pooled, shape);
}
