import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss } from "../../src/index.ts";
import { type DistillationLoss, Distiller, weightedSum } from "../../src/layers/index.ts";
import { samples } from "../layers/training.ts";

/** A perceptron from 4 features to 3 classes, with the same weights for the same seed. */
export function perceptron(units: number, seed: number): tfl.LayersModel {
  const dense = (units: number, more: object = {}) => {
    const kernelInitializer = tfl.initializers.glorotNormal({ seed: seed++ });
    return tfl.layers.dense({ units, kernelInitializer, ...more });
  };
  return tfl.sequential({
    layers: [dense(units, { inputShape: [4], activation: "tanh" }), dense(3)],
  });
}

const loss: DistillationLoss = ({ labels, teacherLogits, studentLogits }) =>
  weightedSum({
    kd: [0.9, kdLoss(teacherLogits, studentLogits)],
    ce: [0.1, tf.losses.softmaxCrossEntropy(labels, studentLogits)],
  });

/** A student with its distiller and data; each seed is another student. */
export function training(seed: number) {
  const student = perceptron(5, seed);
  const distiller = new Distiller({ teacher: perceptron(8, 1), student, loss });
  distiller.compile({ optimizer: tf.train.adam(0.02) });
  const { xs, ys: rows } = samples(24, seed);
  // tf.cast on cpu keeps the integers, whose bits wasm would read as floats after a switch (tfjs 4.22).
  const ys = tf.tensor(Float32Array.from(rows.dataSync()), rows.shape);
  const train = (options: { initialEpoch?: number; epochs: number }) =>
    distiller.fit(xs, ys, { batchSize: 8, seed: 1, ...options });
  const weights = () => Promise.all(student.getWeights().map(async (x) => [...(await x.data())]));
  return { train, weights, student, distiller, xs, ys };
}
