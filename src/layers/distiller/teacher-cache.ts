import * as tf from "@tensorflow/tfjs-core";
import { mapOutputs, type Outputs, type OutputsOf } from "./networks.ts";

/** Values of one sample, an array for each tensor. */
type Sample = Float32Array[];

/**
 * Caches the teacher's outputs by sample index, in CPU memory. The first epoch fills it; later epochs
 * need no forward pass of the teacher. Indices are those of the data of one `fit`, so each `fit` has its
 * own cache.
 */
export class TeacherCache {
  private readonly samples = new Map<number, Sample>();
  /** Shapes of the tensors of one sample. */
  private shapes: number[][] = [];
  /** The position of the tensor in each place of the outputs. */
  private places: OutputsOf<number> | undefined;

  /** The outputs for these samples; undefined if one is missing. */
  get(indices: ArrayLike<number>): Outputs | undefined {
    const found = Array.from(indices, (index) => this.samples.get(index));
    const samples = found.filter((sample) => sample !== undefined);
    if (samples.length < found.length || !this.places) return undefined;
    const tensors = this.shapes.map((shape, i) => {
      const size = tf.util.sizeFromShape(shape);
      const values = new Float32Array(samples.length * size);
      for (const [n, sample] of samples.entries()) values.set(sample[i]!, n * size);
      return tf.tensor(values, [samples.length, ...shape]);
    });
    return mapOutputs(this.places, (place) => tensors[place]!);
  }

  /** Reads the outputs back and keeps them. */
  async put(indices: ArrayLike<number>, outputs: Outputs): Promise<void> {
    const tensors: tf.Tensor[] = [];
    this.places = mapOutputs(outputs, (x) => {
      if (!tensors.includes(x)) tensors.push(x);
      return tensors.indexOf(x);
    });
    const data = await Promise.all(tensors.map((x) => x.data<"float32">()));
    this.shapes = tensors.map(({ shape }) => shape.slice(1));
    for (const [n, index] of Array.from(indices).entries()) {
      const slices = data.map((values) => {
        const size = values.length / indices.length;
        return values.slice(n * size, (n + 1) * size);
      });
      this.samples.set(index, slices);
    }
  }
}
