import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/**
 * Counts how often each sample draws each of `size` rows: int32 [N, K] → float32 [N, size]. No
 * gradient is defined.
 *
 * `tf.denseBincount` on webgpu skips entries unless input and output are equally wide. Both are
 * padded to the same width, and the padding is counted in no row (tfjs 4.22).
 */
export function countRows(drawn: tf.Tensor2D, size: number): tf.Tensor2D {
  return runOp("KdCmiCountRows", { drawn }, { size }, () => {
    const k = drawn.shape[1];
    const width = Math.max(k, size);
    // biome-ignore format: [before, after] of both axes in one line
    const padded: tf.Tensor2D = tf.pad(drawn, [[0, 0], [0, width - k]], width);
    return tf.slice(tf.denseBincount(padded, [], width), [0, 0], [-1, size]);
  });
}

/**
 * Whether the current backend counts rows without a read-back. `tf.denseBincount` on webgl reads
 * back, and `tf.scatterND` is quadratic there (tfjs 4.22).
 */
export const canCountRows = (): boolean => tf.getBackend() !== "webgl";
