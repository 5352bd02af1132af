import * as tf from "@tensorflow/tfjs-core";
import { checkNumber, describeValue } from "../../internal/checks.ts";
import type { Batch, BatchSource } from "./batch-source.ts";

/** Weights of classes by their indices, as in `tf.LayersModel.fit`. */
export type ClassWeights = Readonly<Record<number, number>>;

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

/** Multiplies the weights of the samples in the batches, or 1, by those of their classes. */
export function classWeightedSource(
  fn: string,
  source: BatchSource,
  classWeight: ClassWeights | undefined,
): BatchSource {
  if (!classWeight) return source;
  return {
    ...source,
    async *batches(place) {
      for await (const batch of source.batches(place)) {
        const byClass = await weightsByClass(fn, batch, classWeight);
        const weights = tf.tidy(() => {
          const { weights: own } = batch;
          if (!own) return tf.tensor1d(byClass);
          const shape = [byClass.length, ...own.shape.slice(1).map(() => 1)];
          return tf.mul(own, tf.reshape(tf.tensor1d(byClass), shape));
        });
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
  if (!labels) throw new Error(`${fn}: classWeight needs labels, got data without`);
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
