import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/** Labels and predictions of a training step. */
export interface ObservedBatch {
  labels: tf.Tensor;
  logits: tf.Tensor;
  /** The mask of positions that count, if any. */
  weights?: tf.Tensor | undefined;
  /** Whether the loss uses the model's output as logits. */
  fromLogits: boolean;
}

/** Observers by the centroids that a loss and its callback share. */
const observers = new WeakMap<tf.Tensor, BatchObserver>();

/** The centroids of compiled losses. */
const centroidsOf = new WeakMap<object, tf.Tensor>();

/** A loss for `model.compile` that reads these centroids. */
export function withCentroids<Loss extends object>(loss: Loss, centroids: tf.Tensor): Loss {
  centroidsOf.set(loss, centroids);
  return loss;
}

/**
 * Whether a model is compiled with losses of centroids, and none of them of these. Other losses may read the
 * centroids too, so that a model without such a loss is in order.
 */
export function readsOtherCentroids({ loss }: tfl.LayersModel, centroids: tf.Tensor): boolean {
  const losses: unknown[] = typeof loss === "object" ? Object.values(loss) : [loss];
  const read = losses.map((x) => centroidsOf.get(Object(x))).filter((x) => x !== undefined);
  return read.length > 0 && !read.includes(centroids);
}

/** Passes a batch to the observer of these centroids, if there is one. */
export function observeBatch(centroids: tf.Tensor, batch: ObservedBatch): void {
  observers.get(centroids)?.observe(batch);
}

/**
 * Passes batches from a compiled loss to a callback, which tfjs-layers does not. Only the first call of
 * the loss in a step counts: `model.fit` also calls it for the validation data before the last step of
 * an epoch ends.
 */
export class BatchObserver {
  private isExpecting = false;
  private batch: ObservedBatch | undefined;

  constructor(private readonly centroids: tf.Tensor) {}

  start(): void {
    observers.set(this.centroids, this);
  }

  /** Begins a step. Drops what a step that threw has left. */
  expect(): void {
    this.drop();
    this.isExpecting = true;
  }

  /** Runs inside the gradient of the loss. It only clones, which leaves the optimizer unaffected. */
  observe({ labels, logits, weights, fromLogits }: ObservedBatch): void {
    if (!this.isExpecting) return;
    this.isExpecting = false;
    const keep = (x: tf.Tensor) => tf.keep(tf.clone(x));
    this.batch = {
      labels: keep(labels),
      logits: keep(logits),
      weights: weights && keep(weights),
      fromLogits,
    };
  }

  /** The batch of the step that has ended. `drop` disposes it. */
  get observed(): ObservedBatch | undefined {
    return this.batch;
  }

  drop(): void {
    this.isExpecting = false;
    if (this.batch) tf.dispose([this.batch.labels, this.batch.logits, this.batch.weights]);
    this.batch = undefined;
  }

  stop(): void {
    this.drop();
    if (observers.get(this.centroids) === this) observers.delete(this.centroids);
  }
}
