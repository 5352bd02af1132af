import * as tf from "@tensorflow/tfjs-core";

/** Numbers of one batch, each with a name. */
export type Measured = {
  names: string[];
  /** float32 [names] */
  values: tf.Tensor1D;
};

/** Sums over samples as plain numbers. */
export interface TotalsState {
  names: string[];
  sums: number[];
  seen: number;
}

/** The means of numbers over batches, each batch as often as it has samples. */
export class Totals {
  private names: string[];
  private sum: tf.Tensor1D | undefined;
  private seen: number;

  /** Goes on from other sums, or begins. */
  constructor({ names, sums, seen }: TotalsState = { names: [], sums: [], seen: 0 }) {
    this.names = names;
    this.sum = seen > 0 ? tf.tensor1d(sums, "float32") : undefined;
    this.seen = seen;
  }

  /** Takes the values over. */
  add({ names, values }: Measured, samples: number): void {
    const old = this.sum;
    this.names = names;
    this.seen += samples;
    this.sum = tf.tidy((): tf.Tensor1D => {
      const weighted: tf.Tensor1D = tf.mul(values, samples);
      return old ? tf.add(old, weighted) : weighted;
    });
    tf.dispose([values, old ?? []]);
  }

  async state(): Promise<TotalsState> {
    const { names, seen } = this;
    return { names, seen, sums: [...((await this.sum?.data()) ?? [])] };
  }

  async means(): Promise<Record<string, number>> {
    const { names, sums, seen } = await this.state();
    return Object.fromEntries(names.map((name, i) => [name, sums[i]! / seen]));
  }

  dispose(): void {
    this.sum?.dispose();
    this.sum = undefined;
  }
}
