import type * as tf from "@tensorflow/tfjs-core";
import type { Batch } from "../data/batch-source.ts";
import type { Outputs } from "./networks.ts";

/**
 * The arguments of a distillation loss. A field that is not available is not enumerable, and reading it
 * throws an error with the reason.
 */
export interface DistillationBatch {
  /** The labels as given to `fit`. */
  readonly labels: tf.Tensor;
  /** float32 [N, C], or [N, …, C] for dense outputs and sequences; constants. */
  readonly teacherLogits: tf.Tensor;
  /** float32 [N, C] or [N, …, C]. */
  readonly studentLogits: tf.Tensor;
  /** Outputs of `teacherLayers`, constants. */
  readonly teacherFeatures: tf.Tensor[];
  /** Outputs of `studentLayers`. */
  readonly studentFeatures: tf.Tensor[];
  /** Positions of the samples in the training data, int32 [N]. */
  readonly indices: tf.Tensor1D;
  /**
   * Weights of the samples by `classWeight` and `sampleWeight`, float32 [N], or [N, …] if `sampleWeight` has
   * a weight for each position. Pass them to the losses as `weights`. Undefined in validation, and if neither option is given.
   */
  readonly weights?: tf.Tensor | undefined;
  /** Whether this is a training step; false in validation and `evaluate`. */
  readonly training: boolean;
}

/**
 * The arguments of a loss; `fn` is the public function that error messages name. `useWeights` is called
 * when the loss reads the weights.
 */
export function distillationBatch(
  fn: string,
  { labels, indices, weights }: Batch,
  teacher: Outputs,
  student: Outputs,
  training: boolean,
  useWeights?: () => void,
): DistillationBatch {
  const batch = { labels, training };
  const define = (name: keyof DistillationBatch, value: unknown, reason: string) => {
    const get = (): never => {
      throw new Error(`${fn}: the loss reads ${name}, ${reason}`);
    };
    const isAvailable = value !== undefined;
    Object.defineProperty(batch, name, isAvailable ? { value, enumerable: true } : { get });
  };
  for (const [name, { logits, features }] of [
    ["teacher", teacher],
    ["student", student],
  ] as const) {
    const isGiven = features.length > 0;
    define(
      `${name}Logits`,
      logits,
      `but the ${name} must have a single output [batch,...,classes]`,
    );
    define(`${name}Features`, isGiven ? features : undefined, `but no ${name}Layers were given`);
  }
  define("indices", indices, training ? MISSING_INDICES : INDICES_OUTSIDE_TRAINING);
  if (weights) {
    const get = () => {
      useWeights?.();
      return weights;
    };
    Object.defineProperty(batch, "weights", { get, enumerable: true });
  }
  return batch as DistillationBatch;
}

const MISSING_INDICES =
  "which the dataset's elements lack: map them to {xs, ys, indices}, indices int32 [batch]";
const INDICES_OUTSIDE_TRAINING =
  "which only training samples have: check the batch's training first";
