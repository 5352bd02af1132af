import * as tf from "@tensorflow/tfjs-core";
import { runOp } from "./run-op.ts";

/**
 * Adds `changes[i]` to row `indices[i]` of a matrix: [M, D], int32 [N] and [N, D] → [M, D]. An
 * index that occurs several times adds each of its changes. No gradient is defined.
 *
 * `tf.tensorScatterUpdate` changes its input in place on cpu (tfjs 4.22).
 */
export const addToRows = (
  matrix: tf.Tensor2D,
  indices: tf.Tensor1D,
  changes: tf.Tensor2D,
): tf.Tensor2D =>
  runOp("KdCmiAddToRows", { matrix, indices, changes }, {}, () =>
    tf.add(matrix, tf.scatterND(tf.reshape(indices, [-1, 1]), changes, matrix.shape)),
  );
