import * as tf from "@tensorflow/tfjs-core";
import { isHostMemory } from "../ops/host-memory.ts";

/**
 * Batches that are read back from the device, and what is done with their values, one after the other.
 * After the first error, {@link settle} rejects with it.
 */
export class ReadQueue {
  private last: Promise<void> = Promise.resolve();
  private failure: unknown;
  private waiting = 0;

  /** The steps that have not ended. */
  get length(): number {
    return this.waiting;
  }

  /**
   * Reads the labels and values of a batch and uses them. The tensors may be disposed as soon as this
   * returns. On cpu and wasm, a batch is used at once if no other waits.
   */
  read(
    labels: tf.Tensor,
    values: tf.Tensor,
    use: (labels: ArrayLike<number>, values: Float32Array) => void,
  ): Promise<void> {
    if (this.waiting === 0 && isHostMemory()) {
      use(labels.dataSync(), values.dataSync<"float32">());
      return this.last;
    }
    // WebGPU still needs the tensors when the data arrive, and the caller may dispose them.
    const [y, z] = tf.tidy((): [tf.Tensor, tf.Tensor] => [tf.clone(labels), tf.clone(values)]);
    const reading = Promise.all([tf.keep(y).data(), tf.keep(z).data<"float32">()]);
    return this.add(async () => use(...(await reading.finally(() => tf.dispose([y, z])))));
  }

  /**
   * Takes a snapshot after the steps of another queue so far, and uses it after the steps of this one;
   * both at once if no step waits.
   */
  follow<T>(other: ReadQueue, snapshot: () => T, use: (snapshot: T) => void): Promise<void> {
    if (this.waiting === 0 && other.waiting === 0) {
      use(snapshot());
      return this.last;
    }
    const taken = other.last.then(snapshot);
    return this.add(async () => use(await taken));
  }

  /** Waits for all steps. Rejects if one of them has failed since the last reset. */
  async settle(): Promise<void> {
    await this.last;
    if (this.failure) throw this.failure;
  }

  /** Forgets a failure. */
  reset(): void {
    this.failure = undefined;
  }

  private add(step: () => Promise<void>): Promise<void> {
    this.waiting += 1;
    this.last = this.last
      .then(step)
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.waiting -= 1;
      });
    return this.last;
  }
}
