import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/** The state of a training run that a checkpoint holds. */
export interface TrainingState {
  /** Models under names of your choice. All their weights are saved, trainable or not. */
  models: Record<string, tfl.LayersModel>;
  /** An optimizer of `tf.train`. Iterations, moments and learning rate are saved. */
  optimizer?: tf.Optimizer | undefined;
  /**
   * All other tensors that change in training: centroids, contrast banks and their normalizers,
   * log-scales. float32, int32 or bool. A `tf.Variable` is restored in place.
   */
  tensors?: Record<string, tf.Tensor> | undefined;
  /** JSON values, also NaN and ±Infinity: epoch, step, seed, history. */
  values?: Record<string, unknown> | undefined;
}

/** The part of a checkpoint that {@link restoreCheckpoint} does not restore in place. */
export interface RestoredState {
  /** The tensors of the checkpoint that were not restored into variables. The caller owns them. */
  tensors: Record<string, tf.Tensor>;
  values: Record<string, unknown>;
}
