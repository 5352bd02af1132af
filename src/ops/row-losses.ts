import type * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/** A loss for each row of logits, and its derivative with respect to that row. */
export interface RowLosses {
  /** [N, 1] */
  losses: tf.Tensor2D;
  /** [N, C]: row i is the derivative of loss i with respect to row i of the logits. */
  slopes: tf.Tensor2D;
}

/**
 * Runs an operation that computes losses and slopes of rows together: see {@link runOp}. The kernel
 * returns both in this order, float32 [N, 1] and [N, C].
 */
export function runRowLosses(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
  compose: () => RowLosses,
): RowLosses {
  const [losses, slopes] = runOp<[tf.Tensor2D, tf.Tensor2D]>(kernelName, inputs, attrs, () => {
    const rows = compose();
    return [rows.losses, rows.slopes];
  });
  return { losses, slopes };
}
