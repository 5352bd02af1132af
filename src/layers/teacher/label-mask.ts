import * as tf from "@tensorflow/tfjs-core";

/**
 * 1 where a position of dense outputs has a label, and 0 where its row is all zeros, as `tf.oneHot` gives
 * for a label to ignore such as 255: float32 [N, …]. Undefined for outputs [N, C], and for labels that are
 * no rows.
 */
export function labelMask(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor | undefined {
  if (logits.rank < 3 || !tf.util.arraysEqual(labels.shape, logits.shape)) return undefined;
  return tf.tidy(() => {
    const sums = tf.sum(tf.cast(labels, "float32"), -1);
    return tf.cast(tf.notEqual(sums, 0), "float32");
  });
}
