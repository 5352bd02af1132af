import * as tf from "@tensorflow/tfjs-core";
import * as tfd from "@tensorflow/tfjs-data";
import * as tfl from "@tensorflow/tfjs-layers";
import type { LabelledDataset } from "../../src/layers/index.ts";
import { labelsOf, logitsOf } from "../support.ts";

let count = 0;

/** Two dense layers from 4 features to 3 classes, with the same weights each time. */
export function network(activation: "softmax" | "linear" = "linear"): tfl.Sequential {
  const kernelInitializer = () => tfl.initializers.glorotNormal({ seed: 1 });
  const hidden = { units: 6, inputShape: [4], name: `hidden-${count++}` };
  return tfl.sequential({
    layers: [
      tfl.layers.dense({ ...hidden, activation: "relu", kernelInitializer: kernelInitializer() }),
      tfl.layers.dense({ units: 3, activation, kernelInitializer: kernelInitializer() }),
    ],
  });
}

/** Features that determine the class up to noise, with labels as indices and as one-hot rows. */
export function samples(n: number, seed = 1) {
  const labels = labelsOf(n, 3);
  const ys = tf.cast(tf.oneHot(labels, 3), "float32");
  const place = tf.concat([ys, tf.ones([n, 1])], 1);
  const xs = tf.add(place, tf.mul(logitsOf(n, 4, seed), 0.2));
  return { xs, ys, labels };
}

/** Samples in batches. They are read back first, so that a pass does not dispose tensors of the test. */
export async function datasetOf(
  { xs, ys }: { xs: tf.Tensor; ys: tf.Tensor },
  batchSize: number,
): Promise<LabelledDataset & tfd.Dataset<tf.TensorContainer>> {
  const arrays = { xs: (await xs.array()) as number[][], ys: (await ys.array()) as number[][] };
  return tfd.zip({ xs: tfd.array(arrays.xs), ys: tfd.array(arrays.ys) }).batch(batchSize);
}

export const uniform = () => tf.variable(tf.fill([3, 3], 1 / 3));

export const valuesOf = async (tensors: tf.Tensor[]) =>
  Promise.all(tensors.map(async (x) => [...(await x.data())]));
