import * as tf from "@tensorflow/tfjs-core";
import { isHostMemory } from "../ops/host-memory.ts";

/**
 * Reads batches back from the device and processes their values one after the other. After an
 * error, {@link settle} rejects with the first one.
 */
export class ReadQueue {
  private last: Promise<void> = Promise.resolve();
  private failure: unknown;
  private waiting = 0;

  /** The number of pending steps. */
  get length(): number {
    return this.waiting;
  }

  /**
   * Reads the tensors of a batch and passes their values to `use`, in this order. The tensors may be
   * disposed as soon as this returns. On cpu and wasm, a batch is processed at once if no other is
   * pending.
   */
  read(
    tensors: readonly tf.Tensor[],
    use: (...values: (Float32Array | Int32Array | Uint8Array)[]) => void,
  ): Promise<void> {
    if (this.waiting === 0 && isHostMemory()) {
      use(...tensors.map((x) => x.dataSync()));
      return this.last;
    }
    // WebGPU needs the tensors until the data arrive, but the caller may dispose them.
    const copies = tf.tidy(() => tensors.map((x) => tf.keep(tf.clone(x))));
    const reading = Promise.all(copies.map((x) => x.data()));
    return this.add(async () => use(...(await reading.finally(() => tf.dispose(copies)))));
  }

  /**
   * Passes a state to `use` after the pending steps of this queue, as it is after the pending steps of
   * another one. Does so at once if no step is pending, and otherwise with a copy.
   */
  follow<T>(other: ReadQueue, state: T, use: (state: T) => void): Promise<void> {
    if (this.waiting === 0 && other.waiting === 0) {
      use(state);
      return this.last;
    }
    const taken = other.last.then(() => structuredClone(state));
    return this.add(async () => use(await taken));
  }

  /** Waits for all steps. Rejects if one has failed since the last reset. */
  async settle(): Promise<void> {
    await this.last;
    if (this.failure) throw this.failure;
  }

  /** Clears the failure. */
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
