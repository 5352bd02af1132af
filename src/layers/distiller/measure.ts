import * as tf from "@tensorflow/tfjs-core";
import { classIndices } from "../../ops/class-indices.ts";
import type { Batch } from "../data/batch-sources.ts";
import type { Outputs } from "./networks.ts";
import type { Measured } from "./totals.ts";
import type { WeightedSum } from "./weighted-sum.ts";

/** What a distillation loss is computed from. Reading what is not there throws, saying why. */
export interface DistillationBatch {
  /** As they were given to `fit`. */
  readonly labels: tf.Tensor;
  /** float32 [N, C], constants. */
  readonly teacherLogits: tf.Tensor2D;
  /** float32 [N, C]. */
  readonly studentLogits: tf.Tensor2D;
  /** Outputs of `teacherLayers`, constants. */
  readonly teacherFeatures: tf.Tensor[];
  /** Outputs of `studentLayers`. */
  readonly studentFeatures: tf.Tensor[];
  /** int32 [N], where the samples stand in the training data. */
  readonly indices: tf.Tensor1D;
  /** Whether this is a training step; false for validation and `evaluate`. */
  readonly training: boolean;
}

/** Any scalar of a batch, or a {@link weightedSum} whose terms are reported too. */
export type DistillationLoss = (batch: DistillationBatch) => tf.Tensor | WeightedSum;

/** A scalar of labels and student's logits, by name. */
export type Metric = readonly [
  name: string,
  metric: (labels: tf.Tensor, logits: tf.Tensor) => tf.Tensor,
];

/** The share of samples whose largest logit is that of their class, 0–1. */
export function accuracy(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  const isHit = tf.equal(tf.argMax(logits, 1), tf.cast(classIndices(labels), "int32"));
  return tf.mean(tf.cast(isHit, "float32"));
}

export function batchOf(
  { labels, indices }: Batch,
  teacher: Outputs,
  student: Outputs,
  training: boolean,
): DistillationBatch {
  const logitsOf = (name: string, { logits }: Outputs) => {
    if (logits) return logits;
    throw new Error(
      `Distiller: the loss reads ${name}Logits, but the ${name} must have a single output [batch,classes] for that`,
    );
  };
  const featuresOf = (name: string, { features }: Outputs) => {
    if (features.length > 0) return features;
    throw new Error(
      `Distiller: the loss reads ${name}Features, but no ${name}Layers were given to the Distiller`,
    );
  };
  return {
    labels,
    training,
    get teacherLogits() {
      return logitsOf("teacher", teacher);
    },
    get studentLogits() {
      return logitsOf("student", student);
    },
    get teacherFeatures() {
      return featuresOf("teacher", teacher);
    },
    get studentFeatures() {
      return featuresOf("student", student);
    },
    get indices() {
      if (indices) return indices;
      throw new Error(
        `Distiller: the loss reads indices, which ${
          training
            ? "the dataset's elements lack: map them to {xs, ys, indices}, indices int32 [batch]"
            : "only training samples have: look at the batch's training first"
        }`,
      );
    },
  };
}

/** The loss of a batch, and all numbers that are reported of it. */
export function measure(
  loss: DistillationLoss,
  metrics: readonly Metric[],
  batch: DistillationBatch,
): Measured & { total: tf.Scalar } {
  const result = loss(batch);
  const { total, terms } =
    result instanceof tf.Tensor ? { total: result, terms: {} } : (result ?? { terms: {} });
  if (!(total instanceof tf.Tensor) || total.rank !== 0) {
    const got = total instanceof tf.Tensor ? `[${total.shape}]` : `${total}`;
    throw new Error(`Distiller: loss must return a scalar or a weightedSum, got ${got}`);
  }
  const reported: [string, tf.Tensor][] = [
    ["loss", total],
    ...Object.entries(terms),
    ...metrics.map(([name, metric]): [string, tf.Tensor] => [
      name,
      metric(batch.labels, batch.studentLogits),
    ]),
  ];
  const names = reported.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new Error(`Distiller: names of terms and metrics must differ, got ${twice} twice`);
  }
  return {
    total: total as tf.Scalar,
    names,
    values: tf.stack(reported.map(([, value]) => value)) as tf.Tensor1D,
  };
}
