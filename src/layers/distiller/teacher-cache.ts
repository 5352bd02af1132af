import * as tf from "@tensorflow/tfjs-core";
import type { Outputs } from "./networks.ts";

/** Values of one sample, an array for each output. */
type Sample = Float32Array[];

/**
 * Caches the teacher's outputs by sample index, in CPU memory. The first epoch fills it; later epochs
 * need no forward pass of the teacher. Indices are those of the data of one `fit`, so each `fit` has its
 * own cache.
 */
export class TeacherCache {
  private readonly samples = new Map<number, Sample>();
  /** Shapes of the outputs of one sample: those of the features, then that of the logits. */
  private shapes: number[][] = [];
  private hasLogits = false;

  /** The outputs for these samples; undefined if one is missing. */
  get(indices: ArrayLike<number>): Outputs | undefined {
    const found = Array.from(indices, (index) => this.samples.get(index));
    const samples = found.filter((sample) => sample !== undefined);
    if (samples.length < found.length) return undefined;
    const outputs = this.shapes.map((shape, i) => {
      const size = tf.util.sizeFromShape(shape);
      const values = new Float32Array(samples.length * size);
      for (const [n, sample] of samples.entries()) values.set(sample[i]!, n * size);
      return tf.tensor(values, [samples.length, ...shape]);
    });
    return this.hasLogits
      ? { features: outputs.slice(0, -1), logits: outputs.at(-1)! }
      : { features: outputs, logits: undefined };
  }

  /** Reads the outputs back and keeps them. */
  async put(indices: ArrayLike<number>, { features, logits }: Outputs): Promise<void> {
    const outputs = logits ? [...features, logits] : features;
    const data = await Promise.all(outputs.map((output) => output.data<"float32">()));
    this.hasLogits = logits !== undefined;
    this.shapes = outputs.map(({ shape }) => shape.slice(1));
    for (const [n, index] of Array.from(indices).entries()) {
      const slices = data.map((values) => {
        const size = values.length / indices.length;
        return values.slice(n * size, (n + 1) * size);
      });
      this.samples.set(index, slices);
    }
  }
}
