import * as tf from "@tensorflow/tfjs-core";

/** What the loss saw in a training step. */
export interface SeenBatch {
  labels: tf.Tensor;
  logits: tf.Tensor;
  /** As the loss was told. */
  fromLogits: boolean;
}

/** By the centroids, which a loss and its callback have in common. */
const observers = new WeakMap<tf.Tensor, BatchObserver>();

/** Shows a batch to the callback that follows these centroids, if there is one. */
export function showBatch(centroids: tf.Tensor, batch: SeenBatch): void {
  observers.get(centroids)?.see(batch);
}

/**
 * Hands batches from a compiled loss to a callback, which tfjs-layers does not show them to. Of a
 * step the first call of the loss counts: `model.fit` calls it again, for the validation data,
 * before the last step of an epoch ends.
 */
export class BatchObserver {
  private isWaiting = false;
  private batch: SeenBatch | undefined;

  constructor(private readonly centroids: tf.Tensor) {}

  start(): void {
    observers.set(this.centroids, this);
  }

  /** A step begins. */
  wait(): void {
    this.drop(); // what a step that threw has left
    this.isWaiting = true;
  }

  /** Runs inside the gradient of the loss: it only takes clones, which the optimizer leaves alone. */
  see({ labels, logits, fromLogits }: SeenBatch): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    const keep = (x: tf.Tensor) => tf.keep(tf.clone(x));
    this.batch = { labels: keep(labels), logits: keep(logits), fromLogits };
  }

  /** The step has ended: the batch it trained on, which `drop` disposes. */
  get seen(): SeenBatch | undefined {
    return this.batch;
  }

  drop(): void {
    this.isWaiting = false;
    if (this.batch) tf.dispose([this.batch.labels, this.batch.logits]);
    this.batch = undefined;
  }

  stop(): void {
    this.drop();
    if (observers.get(this.centroids) === this) observers.delete(this.centroids);
  }
}
