import * as tf from "@tensorflow/tfjs-core";
import type { Outputs } from "./networks.ts";

/** Values of one sample, an array for each output. */
type Sample = Float32Array[];

/**
 * What a teacher gave for the samples of a data set, by their index, in the memory of the CPU: in
 * the first epoch it is filled, later it spares the teacher's work.
 */
export class TeacherCache {
  private readonly samples = new Map<number, Sample>();
  /** Of the outputs of one sample; the logits come last. */
  private shapes: number[][] = [];
  private hasLogits = false;

  /** The outputs for these samples, or undefined where one is missing. */
  get(indices: readonly number[]): Outputs | undefined {
    const samples = indices.map((index) => this.samples.get(index));
    if (samples.some((sample) => sample === undefined)) return undefined;
    const outputs = this.shapes.map((shape, i) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const values = new Float32Array(samples.length * size);
      for (const [n, sample] of samples.entries()) values.set(sample![i]!, n * size);
      return tf.tensor(values, [samples.length, ...shape]);
    });
    return this.hasLogits
      ? { features: outputs.slice(0, -1), logits: outputs.at(-1) as tf.Tensor2D }
      : { features: outputs, logits: undefined };
  }

  /** Reads the outputs back and keeps them. */
  async put(indices: readonly number[], { features, logits }: Outputs): Promise<void> {
    const outputs = logits ? [...features, logits] : features;
    const data = await Promise.all(outputs.map((output) => output.data<"float32">()));
    this.hasLogits = logits !== undefined;
    this.shapes = outputs.map(({ shape }) => shape.slice(1));
    for (const [n, index] of indices.entries()) {
      const slices = data.map((values) => {
        const size = values.length / indices.length;
        return values.slice(n * size, (n + 1) * size);
      });
      this.samples.set(index, slices);
    }
  }
}
