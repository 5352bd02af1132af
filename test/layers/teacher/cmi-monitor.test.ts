import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { CmiEstimator } from "../../../src/index.ts";
import {
  CentroidCallback,
  CmiMonitor,
  compiledMcmiLoss,
  type LabelledDataset,
} from "../../../src/layers/index.ts";
import { datasetOf, network, samples, uniform } from "../training.ts";

async function reportOf(model: tfl.LayersModel, { xs, labels }: ReturnType<typeof samples>) {
  const estimator = new CmiEstimator();
  estimator.update(labels, model.apply(xs) as tf.Tensor);
  return estimator.result();
}

test("History contains the values of CmiEstimator in addition to loss and accuracy", {
  tags: "broad",
}, async () => {
  const [train, validation] = [samples(60), samples(30, 2)];
  const args = { verbose: 0, epochs: 9 } as const;
  const validationData: [tf.Tensor, tf.Tensor] = [validation.xs, validation.ys];
  const dataset = await datasetOf(train, 16);
  for (const inMemory of [true, false]) {
    const centroids = uniform();
    const model = network();
    const loss = compiledMcmiLoss(centroids, { lambda: 0.1 });
    model.compile({ optimizer: tf.train.sgd(0.5), loss, metrics: ["accuracy"] });
    const data = inMemory ? train : dataset;
    const options = { validationData: inMemory ? validation : await datasetOf(validation, 7) };
    const callbacks = [
      new CentroidCallback(centroids, { data }),
      new CmiMonitor(data, options),
      // Finds the key, and stops because nothing improves by that much.
      tfl.callbacks.earlyStopping({ monitor: "val_cmi", minDelta: 1e9, patience: 4 }),
    ];
    const { history } = inMemory
      ? await model.fit(train.xs, train.ys, { ...args, validationData, callbacks })
      : await model.fitDataset(dataset, { ...args, validationData, callbacks });
    expect(Object.keys(history).sort()).toEqual(
      ["loss", "acc", "cmi", "ncmi", "gamma"].flatMap((key) => [key, `val_${key}`]).sort(),
    );
    const losses = history.loss as number[];
    expect(losses).toHaveLength(5);
    expect(losses[4]!).toBeLessThan(0.9 * losses[0]!);
    for (const [prefix, data] of [
      ["", train],
      ["val_", validation],
    ] as const) {
      const { cmi, normalizedCmi, separation } = await reportOf(model, data);
      expect(cmi).toBeGreaterThan(1e-4);
      expect(history[`${prefix}cmi`]!.at(-1)).toBeCloseTo(cmi, 6);
      expect(history[`${prefix}ncmi`]!.at(-1)).toBeCloseTo(normalizedCmi!, 6);
      expect(history[`${prefix}gamma`]!.at(-1)).toBeCloseTo(separation, 6);
    }
  }
});

test("the normalised CMI of one class is NaN, and inputs are found by their names", async () => {
  const inputs = ["a", "b"].map((name) => tfl.input({ shape: [2], name: `monitor-${name}` }));
  const joined = tfl.layers.concatenate().apply(inputs);
  const model = tfl.model({
    inputs,
    outputs: tfl.layers.dense({ units: 2, name: "named" }).apply(joined) as tfl.SymbolicTensor,
  });
  model.compile({ optimizer: "sgd", loss: tf.losses.softmaxCrossEntropy as never });
  const [a, b] = [tf.ones([4, 2]), tf.zeros([4, 2])];
  const ys = tf.oneHot([1, 1, 1, 1], 2);
  const element = () => ({
    xs: { "monitor-b": tf.clone(b), "monitor-a": tf.clone(a) },
    ys: tf.clone(ys),
  });
  const dataset = (elements: unknown[]): LabelledDataset => ({
    iterator: async () => ({
      next: async () =>
        elements.length > 0
          ? { value: elements.shift(), done: false }
          : { value: undefined, done: true },
    }),
  });
  const run = (data: LabelledDataset) =>
    model.fit([a, b], ys, { epochs: 1, verbose: 0, callbacks: [new CmiMonitor(data)] });
  const { history } = await run(dataset([element(), element()]));
  expect([history.gamma, history.ncmi]).toEqual([[0], [Number.NaN]]);
  expect(history.cmi![0]).toBeCloseTo(0, 9);

  await expect(run(dataset([{ xs: [tf.clone(a)], labels: ys }]))).rejects.toThrow(
    "CmiMonitor: the elements of the data set must be {xs, ys} or {xs, ys, indices} of tensors for the model's monitor-a, monitor-b and named, got {xs, labels}",
  );
});

test("rejects invalid arguments, naming expected and actual", async () => {
  const { xs, ys } = samples(6);
  expect(() => new CmiMonitor(xs as never)).toThrow(
    "CmiMonitor: data must be {xs, ys} or a tf.data.Dataset, got object",
  );
  const validationData = (await datasetOf({ xs, ys }, 2)).repeat();
  expect(() => new CmiMonitor({ xs, ys }, { validationData })).toThrow(
    "CmiMonitor: validationData must be finite, got an endless data set",
  );
  expect(() => new CmiMonitor({ xs, ys: tf.zeros([6]) })).toThrow(
    "CmiMonitor: labels must be int32 class indices [batch] or one-hot",
  );
  const input = tfl.input({ shape: [2] });
  const outputs = [1, 2].map(() => tfl.layers.dense({ units: 2 }).apply(input));
  const model = tfl.model({ inputs: input, outputs: outputs as tfl.SymbolicTensor[] });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const points = tf.ones([6, 2]);
  const callbacks = [new CmiMonitor({ xs, ys })];
  const monitored = model.fit(points, [points, points], { callbacks });
  await expect(monitored).rejects.toThrow(
    "CmiMonitor: model must have a single output [batch,...,classes], got [batch,2] and [batch,2]",
  );
});
