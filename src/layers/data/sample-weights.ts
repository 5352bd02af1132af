import * as tf from "@tensorflow/tfjs-core";
import { checkNumber, describeValue } from "../../internal/checks.ts";
import type { Batch, BatchSource } from "./batch-source.ts";

/** Weights of classes by their indices, as in `tf.LayersModel.fit`. */
export type ClassWeights = Readonly<Record<number, number>>;

/** Weights of classes and of samples. */
export interface SampleWeights {
  classWeight?: ClassWeights | undefined;
  sampleWeight?: tf.Tensor | undefined;
}

export function checkClassWeight(fn: string, classWeight: ClassWeights | undefined): void {
  if (classWeight === undefined) return;
  if (classWeight === null || typeof classWeight !== "object") {
    const expected = "an object with a number for each class";
    throw new Error(`${fn}: classWeight must be ${expected}, got ${describeValue(classWeight)}`);
  }
  for (const [index, weight] of Object.entries(classWeight)) {
    checkNumber(fn, `classWeight[${index}]`, weight, { minimum: 0 });
  }
}

/**
 * Adds the weights of the samples to the batches: the weight of the class times that of the sample.
 * `sampleWeight` needs batches with indices.
 */
export function weightedSource(
  fn: string,
  source: BatchSource,
  { classWeight, sampleWeight }: SampleWeights,
): BatchSource {
  if (!classWeight && !sampleWeight) return source;
  return {
    ...source,
    async *batches(place) {
      const bySample = sampleWeight && (await sampleWeight.data());
      for await (const batch of source.batches(place)) {
        const byClass = classWeight && (await weightsByClass(fn, batch, classWeight));
        const size = batch.labels.shape[0] ?? 0;
        const shape = sampleWeight?.shape.slice(1) ?? [];
        const positions = tf.util.sizeFromShape(shape);
        const values = Float32Array.from({ length: size * positions }, (_, at) => {
          const i = Math.floor(at / positions);
          const row = batch.rows?.[i];
          const ofSample =
            bySample && row !== undefined ? bySample[row * positions + (at % positions)]! : 1;
          return ofSample * (byClass?.[i] ?? 1);
        });
        const weights = tf.tensor(values, [size, ...shape]);
        try {
          yield { ...batch, weights };
        } finally {
          weights.dispose();
        }
      }
    },
  };
}

async function weightsByClass(
  fn: string,
  { labels }: Batch,
  classWeight: ClassWeights,
): Promise<number[]> {
  if (labels.rank > 2) {
    const expected = "labels [batch], [batch,1] or [batch,classes]";
    throw new Error(
      `${fn}: classWeight needs ${expected}, got [${labels.shape}]; use sampleWeight`,
    );
  }
  const values = [...(await labels.data())];
  const [samples = 0] = labels.shape;
  const width = values.length / samples;
  return Array.from({ length: samples }, (_, i) => {
    const row = values.slice(i * width, (i + 1) * width);
    const label = width === 1 ? row[0]! : row.indexOf(Math.max(...row));
    const weight = classWeight[label];
    if (weight !== undefined) return weight;
    const got = Object.keys(classWeight).join(", ") || "none";
    throw new Error(`${fn}: classWeight must have class ${label} of the data, got ${got}`);
  });
}
