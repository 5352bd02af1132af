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
  /** Outputs of `teacherLayers`, or features that a function returns or the data carry; constants. */
  readonly teacherFeatures: tf.Tensor[];
  /** Outputs of `studentLayers`. */
  readonly studentFeatures: tf.Tensor[];
  /** All outputs of the teacher by name, for a teacher with several; constants. */
  readonly teacherOutputs: tf.NamedTensorMap;
  /** All outputs of the student by name, as in `student.outputNames`. */
  readonly studentOutputs: tf.NamedTensorMap;
  /** Positions of the samples in the training data, int32 [N]. */
  readonly indices: tf.Tensor1D;
  /**
   * Weights of the samples by `classWeight` and `sampleWeight`, or those that the data carry, float32 [N],
   * or [N, …] for a weight for each position. Pass them to the losses as `weights`. Undefined if there are
   * none. In validation, `classWeight` does not count.
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
  const batch = { training };
  const define = (name: keyof DistillationBatch, value: unknown, reason: string) => {
    const get = (): never => {
      throw new Error(`${fn}: the loss reads ${name}, ${reason}`);
    };
    const isAvailable = value !== undefined;
    Object.defineProperty(batch, name, isAvailable ? { value, enumerable: true } : { get });
  };
  define("labels", labels, "which the data lack");
  for (const [name, { logits, features, named, reasons }] of [
    ["teacher", teacher],
    ["student", student],
  ] as const) {
    define(`${name}Logits`, logits, reasons.logits);
    define(`${name}Features`, features, reasons.features);
    const hasOutputs = Object.keys(named).length > 0;
    define(`${name}Outputs`, hasOutputs ? named : undefined, reasons.logits);
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
