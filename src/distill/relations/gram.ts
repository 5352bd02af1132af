import * as tf from "@tensorflow/tfjs-core";
import { matMul } from "../../ops/mat-mul.ts";

/** Reshapes each sample to a row: [N, …] → [N, D]. */
export const toRows = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0]!, -1]);

/** The length of the longest row whose entries are at most 1. */
export const spread = (rows: tf.Tensor): number => Math.sqrt(rows.shape[1]!);

/** The gradient through a Gram matrix: dL/dX of L(X Xᵀ) is (dG + dGᵀ) X. */
export const gramGradient = (dG: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D =>
  matMul(tf.add(dG, tf.transpose(dG)), x);
