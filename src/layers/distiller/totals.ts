import * as tf from "@tensorflow/tfjs-core";

/** Named scalars of a batch, float32 []. */
export type Scalars = Record<string, tf.Scalar>;

/** Sums over samples as plain numbers. */
export interface TotalsState {
  names: string[];
  sums: number[];
  samples: number;
}

/** Sample-weighted means over batches. */
export class Totals {
  private names: string[];
  private sum: tf.Tensor1D | undefined;
  private samples: number;

  /** Continues from earlier sums, or starts from zero. */
  constructor({ names, sums, samples }: TotalsState = { names: [], sums: [], samples: 0 }) {
    this.names = names;
    this.sum = samples > 0 ? tf.tensor1d(sums, "float32") : undefined;
    this.samples = samples;
  }

  /** Adds the means of a batch. */
  add(scalars: Scalars, samples: number): void {
    const old = this.sum;
    this.names = Object.keys(scalars);
    this.samples += samples;
    this.sum = tf.tidy((): tf.Tensor1D => {
      const values: tf.Tensor = tf.stack(Object.values(scalars));
      const weighted: tf.Tensor1D = tf.mul(values, samples);
      return old ? tf.add(old, weighted) : weighted;
    });
    old?.dispose();
  }

  get isEmpty(): boolean {
    return this.samples === 0;
  }

  async state(): Promise<TotalsState> {
    const { names, samples } = this;
    return { names, samples, sums: [...((await this.sum?.data()) ?? [])] };
  }

  async means(): Promise<Record<string, number>> {
    const { names, sums, samples } = await this.state();
    return Object.fromEntries(sums.map((sum, i) => [names[i], sum / samples]));
  }

  dispose(): void {
    this.sum?.dispose();
    this.sum = undefined;
  }
}
