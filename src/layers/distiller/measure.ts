import * as tf from "@tensorflow/tfjs-core";
import { checkLogits, checkRows, checkTensor, describeValue } from "../../internal/checks.ts";
import { flatRows } from "../../internal/rows.ts";
import type { DistillationBatch } from "./distillation-batch.ts";
import type { Scalars } from "./totals.ts";
import { isScalar, type WeightedSum } from "./weighted-sum.ts";

/** A scalar of a batch, or a {@link weightedSum} whose terms are reported too. */
export type DistillationLoss = (batch: DistillationBatch) => tf.Tensor | WeightedSum;

/** A named scalar of labels and the student's logits. */
export type Metric = readonly [
  name: string,
  metric: (labels: tf.Tensor, logits: tf.Tensor) => tf.Tensor,
];

/**
 * The share of samples or positions whose largest logit is that of their class, 0–1. Labels are class
 * indices [N, …] or [N, …, 1], or rows [N, …, C], whose class is the largest entry. For a single logit,
 * {@link binaryAccuracy}.
 */
export function accuracy(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  if (logits.shape.at(-1) === 1) return binaryAccuracy(labels, logits);
  const { shape } = checkLogits("Distiller", "logits of the accuracy", logits);
  const rows = shape.slice(0, -1);
  const isRow = tf.util.arraysEqual(labels.shape, shape);
  const isIndex = [rows, [...rows, 1]].some((x) => tf.util.arraysEqual(labels.shape, x));
  if (!isRow && !isIndex) {
    const expected = `labels [${rows}], [${rows},1] or [${shape}]`;
    throw new Error(`Distiller: the accuracy needs ${expected}, got [${labels.shape}]`);
  }
  const indices = isRow ? tf.argMax(flatRows(labels), 1) : tf.reshape(labels, [-1]);
  const isHit = tf.equal(tf.argMax(flatRows(logits), 1), tf.cast(indices, "int32"));
  return tf.mean(tf.cast(isHit, "float32"));
}

/**
 * The share of labels whose logit is positive where the label is above 1/2 and not elsewhere, 0–1.
 * Labels are [N, …, K], or [N, …] for a single logit.
 */
export function binaryAccuracy(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  const { shape } = checkRows("Distiller", "logits of binaryAccuracy", logits, "labels");
  const rows = shape.slice(0, -1);
  const isSingle = shape.at(-1) === 1;
  const isRow = tf.util.arraysEqual(labels.shape, shape);
  if (!isRow && !(isSingle && tf.util.arraysEqual(labels.shape, rows))) {
    const expected = `labels [${shape}]${isSingle ? ` or [${rows}]` : ""}`;
    throw new Error(`Distiller: binaryAccuracy needs ${expected}, got [${labels.shape}]`);
  }
  const isTrue = tf.greater(tf.cast(tf.reshape(labels, shape), "float32"), 0.5);
  const isHit = tf.equal(tf.greater(logits, 0), isTrue);
  return tf.mean(tf.cast(isHit, "float32"));
}

/** The loss of a batch to differentiate, and the scalars to report: loss, terms and metrics. */
export function measure(
  fn: string,
  loss: DistillationLoss,
  metrics: readonly Metric[],
  batch: DistillationBatch,
  logits: tf.Tensor | undefined,
): { total: tf.Scalar; reported: Scalars } {
  const { total, terms } = totalAndTerms(fn, loss(batch));
  const values: [string, tf.Tensor][] = [["loss", total], ...Object.entries(terms)];
  for (const [name, metric] of metrics) {
    if (!logits) {
      const expected = "a student with a single output [batch,...,classes], which this one lacks";
      throw new Error(`${fn}: the metric ${name} needs ${expected}`);
    }
    if (!Object.keys(batch).includes("labels")) {
      throw new Error(`${fn}: the metric ${name} needs labels, which the data lack`);
    }
    values.push([name, metric(batch.labels, logits)]);
  }
  const reported: Scalars = {};
  for (const [name, value] of values) {
    if (Object.hasOwn(reported, name)) {
      throw new Error(`${fn}: names of terms and metrics must differ, got ${name} twice`);
    }
    if (!(value instanceof tf.Tensor && isScalar(value))) {
      const got = value instanceof tf.Tensor ? `[${value.shape}]` : describeValue(value);
      throw new Error(`${fn}: ${name} must be a scalar, got ${got}`);
    }
    reported[name] = tf.cast(value, "float32"); // a new tensor, which the caller may dispose
  }
  return { total, reported };
}

function totalAndTerms(
  fn: string,
  result: tf.Tensor | WeightedSum,
): { total: tf.Scalar; terms: Record<string, tf.Tensor> } {
  const { total, terms } = result instanceof tf.Tensor ? { total: result } : Object(result);
  if (total instanceof tf.Tensor) checkTensor(fn, "the loss", total);
  if (total instanceof tf.Tensor && isScalar(total)) return { total, terms: terms ?? {} };
  const got = total instanceof tf.Tensor ? `[${total.shape}]` : describeValue(result);
  throw new Error(`${fn}: loss must return a scalar or a weightedSum, got ${got}`);
}
