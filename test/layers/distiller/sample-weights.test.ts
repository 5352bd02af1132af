import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { kdLoss } from "../../../src/index.ts";
import { type DistillationLoss, Distiller } from "../../../src/layers/index.ts";
import { datasetOf, network, samples, valuesOf } from "../training.ts";

const crossEntropy: DistillationLoss = ({ labels, studentLogits, weights }) =>
  tf.losses.softmaxCrossEntropy(
    labels,
    studentLogits,
    weights,
    0,
    tf.Reduction.SUM_BY_NONZERO_WEIGHTS,
  );

function distiller(loss = crossEntropy) {
  const student = network();
  const result = new Distiller({ teacher: network(), student, loss });
  result.compile({ optimizer: tf.train.sgd(0.5) });
  return { distiller: result, student };
}

const classWeight = { 0: 0.1, 1: 1, 2: 5 };

/** The weights of a network after `model.fit` with the cross-entropy of each sample. */
async function fitted() {
  const { xs, ys } = samples(12);
  const model = network();
  const loss = (y: tf.Tensor, z: tf.Tensor) =>
    tf.losses.softmaxCrossEntropy(y, z, undefined, 0, tf.Reduction.NONE);
  model.compile({ optimizer: tf.train.sgd(0.5), loss });
  const options = { classWeight, batchSize: 4, shuffle: false, verbose: 0 } as const;
  const { history } = await model.fit(xs, ys, options);
  return { weights: await valuesOf(model.getWeights()), loss: history.loss![0] as number };
}

async function expectFitted(student: tfl.LayersModel, history: tfl.History["history"]) {
  const expected = await fitted();
  expect(history.loss![0]).toBeCloseTo(expected.loss, 5);
  const got = await valuesOf(student.getWeights());
  for (const [i, x] of got.flat().entries()) expect(x).toBeCloseTo(expected.weights.flat()[i]!, 5);
}

test("classWeight in fit and fitDataset gives the weights and the loss of model.fit", {
  tags: "broad",
}, async () => {
  const { xs, ys } = samples(12);
  const byFit = distiller();
  const options = { classWeight, batchSize: 4, shuffle: false };
  const { history } = await byFit.distiller.fit(xs, ys, options);
  await expectFitted(byFit.student, history);
  const byDataset = distiller();
  const data = await datasetOf({ xs, ys }, 4);
  const fit = await byDataset.distiller.fitDataset(data, { classWeight });
  await expectFitted(byDataset.student, fit.history);
});

test("sampleWeight follows the shuffled samples and is multiplied by classWeight", {
  tags: "broad",
}, async () => {
  const { xs, ys, labels } = samples(12);
  const sampleWeight = tf.range(1, 13, 1, "float32");
  const seen: tf.Tensor[] = [];
  const { distiller: d } = distiller((batch) => {
    if (batch.training) seen.push(tf.keep(tf.clone(batch.indices)));
    seen.push(tf.keep(tf.clone(batch.weights!)));
    return crossEntropy(batch);
  });
  const before = tf.memory().numTensors;
  await d.fit(xs, ys, { sampleWeight, classWeight, batchSize: 12, validationSplit: 0.25 });
  expect(tf.memory().numTensors - before).toBe(seen.length);
  const classes = await labels.data();
  const [indices, weights, held] = await valuesOf(seen);
  expect(held).toEqual([10, 11, 12]); // without the weights of the classes
  expect(indices).toHaveLength(9);
  for (const [i, index] of indices!.entries()) {
    const expected = (index + 1) * classWeight[classes[index] as 0 | 1 | 2];
    expect(weights![i]).toBeCloseTo(expected, 5);
  }
});

test("rejects weights that are invalid or that the loss does not read, naming expected and actual", async () => {
  const { xs, ys } = samples(6);
  const kd = distiller(({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits));
  await expect(kd.distiller.fit(xs, ys, { classWeight })).rejects.toThrow(
    "Distiller: the loss must read the batch's weights, since classWeight or sampleWeight is given",
  );
  const { distiller: d } = distiller();
  await expect(d.fit(xs, ys, { classWeight: { 0: 1, 1: 1 } })).rejects.toThrow(
    "Distiller.fit: classWeight must have class 2 of the data, got 0, 1",
  );
  await expect(d.fit(xs, ys, { classWeight: { 0: -1 } })).rejects.toThrow(
    "Distiller.fit: classWeight[0] must be a finite number >= 0, got -1",
  );
  await expect(d.fit(xs, ys, { classWeight: 2 as never })).rejects.toThrow(
    "Distiller.fit: classWeight must be an object with a number for each class, got 2",
  );
  await expect(d.fit(xs, ys, { sampleWeight: tf.ones([5]) })).rejects.toThrow(
    "Distiller.fit: sampleWeight must be float32 [6] or [6,...], got float32 [5]",
  );
});
