import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/** What a checkpoint holds of a training. */
export interface TrainingState {
  /** All weights of these, those that are not trained too, under names of your own. */
  models: Record<string, tfl.LayersModel>;
  /** One of `tf.train`: iterations, moments and learning rate. */
  optimizer?: tf.Optimizer | undefined;
  /**
   * Everything else that changes: centroids, contrast banks and their normalizers, log-scales.
   * float32, int32 or bool. A `tf.Variable` is restored in place.
   */
  tensors?: Record<string, tf.Tensor> | undefined;
  /** Plain values as JSON holds them, and NaN and ±Infinity: epoch, step, seed, history. */
  values?: Record<string, unknown> | undefined;
}

/** What is not restored in place, by {@link restoreCheckpoint}. */
export interface RestoredState {
  /** All tensors of the checkpoint but those restored into variables. The caller owns them. */
  tensors: Record<string, tf.Tensor>;
  values: Record<string, unknown>;
}
