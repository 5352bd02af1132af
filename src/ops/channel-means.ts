import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/**
 * The mean of each channel over all other axes: [N, …, C] → [C]. No gradient is defined.
 *
 * `tf.mean` on wasm is slow over any axis but the last, so positions are averaged by pooling
 * (tfjs 4.22).
 */
export function channelMeans(x: tf.Tensor): tf.Tensor1D {
  return runOp("KdCmiChannelMeans", { x }, {}, () => {
    const [batch, channels] = [x.shape[0]!, x.shape.at(-1) as number];
    const columns: tf.Tensor4D = tf.reshape(x, [batch, -1, 1, channels]);
    const length = columns.shape[1];
    const means = length === 1 ? columns : tf.avgPool(columns, [length, 1], [length, 1], "valid");
    return tf.mean(tf.reshape(means, [batch, channels]), 0);
  });
}
