import type * as tf from "@tensorflow/tfjs-core";
import { matMul } from "./mat-mul.ts";
import { runOp } from "./run-op.ts";
import { safeLog } from "./safe-log.ts";

/**
 * Σ_y t_iy log(max(q_yc, 1e-37)): the logarithms of rows of probabilities, float32 [K, C], mixed by float32
 * weights [N, K] → [N, C]. NaN in a column of q gives NaN in that column. No gradient is defined.
 */
export const mixLogs = (weights: tf.Tensor2D, probabilities: tf.Tensor2D): tf.Tensor2D =>
  runOp("KdCmiMixLogs", { weights, probabilities }, {}, () =>
    matMul(weights, safeLog(probabilities)),
  );
