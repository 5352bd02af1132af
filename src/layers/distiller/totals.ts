import * as tf from "@tensorflow/tfjs-core";

/** Numbers of one batch, each with a name. */
export type Measured = {
  names: string[];
  /** float32 [names] */
  values: tf.Tensor1D;
};

/** The means of numbers over batches, each batch as often as it has samples. */
export class Totals {
  private names: string[] = [];
  private sum: tf.Tensor1D | undefined;
  private seen = 0;

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

  /** Reads the means back, and is empty afterwards. */
  async means(): Promise<Record<string, number>> {
    const sums = (await this.sum?.data()) ?? [];
    const means = this.names.map((name, i) => [name, sums[i]! / this.seen]);
    this.dispose();
    return Object.fromEntries(means);
  }

  dispose(): void {
    this.sum?.dispose();
    this.sum = undefined;
    this.seen = 0;
  }
}
