import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test, vi } from "vitest";
import { classCentroids, mcmiLoss, updateCentroids } from "../../../src/index.ts";
import {
  CentroidCallback,
  type CentroidCallbackOptions,
  CmiMonitor,
  compiledMcmiLoss,
} from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";
import { datasetOf, network, samples, uniform, valuesOf } from "../training.ts";

const LAMBDA = 0.2;
const BATCH = 8;

function compiled(centroids: tf.Tensor, model = network()) {
  const loss = compiledMcmiLoss(centroids, { lambda: LAMBDA });
  model.compile({ optimizer: tf.train.sgd(0.3), loss });
  return model;
}

/** `model.fit` or `fitDataset`, in the order of the samples, with a validation after each epoch. */
const fits = {
  async fit(model: tfl.LayersModel, data: ReturnType<typeof samples>, args: object) {
    const validationData: [tf.Tensor, tf.Tensor] = [data.xs, data.ys];
    const order = { batchSize: BATCH, shuffle: false, verbose: 0 } as const;
    return model.fit(data.xs, data.ys, { ...order, validationData, ...args });
  },
  async fitDataset(model: tfl.LayersModel, data: ReturnType<typeof samples>, args: object) {
    const validationData = [data.xs, data.ys] as [tf.Tensor, tf.Tensor];
    const dataset = await datasetOf(data, BATCH);
    return model.fitDataset(dataset, { epochs: 1, verbose: 0, validationData, ...args });
  },
};

test.each(Object.entries(fits))(
  "ema in %s equals a loop with updateCentroids",
  { tags: "broad" },
  async (_, train) => {
    const data = samples(20);
    const [centroids, expected] = [uniform(), uniform()];
    const model = compiled(centroids);
    const callbacks = [new CentroidCallback(centroids, { strategy: "ema", decay: 0.7 })];
    await train(model, data, { epochs: 2, callbacks });

    const other = network();
    const optimizer = tf.train.sgd(0.3);
    for (const start of [0, 8, 16, 0, 8, 16]) {
      const size = Math.min(BATCH, 20 - start);
      const [x, y] = [tf.slice(data.xs, start, size), tf.slice(data.ys, start, size)];
      let logits = tf.scalar(0) as tf.Tensor;
      optimizer.minimize(() => {
        logits = tf.keep(other.apply(x, { training: true }) as tf.Tensor);
        return mcmiLoss(y, logits, expected, { lambda: LAMBDA });
      });
      tf.tidy(() => expected.assign(updateCentroids(expected, y, logits, { decay: 0.7 })));
    }
    expect(await valuesOf([centroids, ...model.getWeights()])).toEqual(
      await valuesOf([expected, ...other.getWeights()]),
    );
  },
);

test("epoch sets the exact centroids, from tensors or a data set", { tags: "broad" }, async () => {
  const data = samples(20);
  const initial = network().apply(data.xs) as tf.Tensor;
  const expected = [...(await classCentroids(data.labels, initial).data())];
  const runs: [typeof fits.fit, CentroidCallbackOptions][] = [
    [fits.fit, { data: { xs: data.xs, ys: data.labels }, batchSize: 7 }],
    [fits.fit, { data: { xs: [data.xs], ys: data.ys } }],
    [fits.fitDataset, { data: await datasetOf(data, 6), strategy: "epoch" }],
    [fits.fitDataset, { data: await datasetOf(data, 6), strategy: "ema", decay: 1 }],
  ];
  for (const [train, options] of runs) {
    const centroids = uniform();
    const callback = new CentroidCallback(centroids, options);
    await train(compiled(centroids), data, { epochs: 1, callbacks: [callback] });
    await expectClose(centroids, { shape: [3, 3], data: expected });
  }
});

for (const [name, steps, options] of [
  ["fit", 20, {}],
  ["fit", 200, { tags: "broad" }],
  ["fitDataset", 20, {}],
  ["fitDataset", 60, { tags: "broad" }],
] as const) {
  test(`${name} leaks no tensors, per step and per run, over ${steps} steps`, options, async () => {
    const few = samples(24, 2);
    const centroids = uniform();
    const model = compiled(centroids);
    const run = async (data: ReturnType<typeof samples>) => {
      const counts: number[] = [];
      const onBatchEnd = async () => void counts.push(tf.memory().numTensors);
      const callbacks = [
        new CentroidCallback(centroids, { data: few, strategy: "ema" }),
        new CmiMonitor(few, { validationData: few }),
        new tfl.CustomCallback({ onBatchEnd }),
      ];
      await fits[name](model, data, { epochs: 1, yieldEvery: "never", callbacks });
      return counts;
    };
    await run(few); // makes what stays, as the counters of the metrics
    const data = samples(steps * BATCH);
    const before = tf.memory().numTensors;
    const counts = await run(data);
    expect(tf.memory().numTensors).toBe(before);
    expect(counts).toHaveLength(steps);
    // The first sum of the losses is a number; the last step holds the validation's.
    expect(new Set(counts.slice(1, -1)).size).toBe(1);
  });
}

test("leaves no tensors of a failed step after training restarts", async () => {
  const data = samples(8);
  const centroids = uniform();
  const callback = new CentroidCallback(centroids, { strategy: "ema" });
  const model = compiled(centroids);
  const args = { epochs: 1, verbose: 0 } as const;
  const run = () => model.fit(data.xs, data.ys, { ...args, callbacks: [callback] });
  await run();
  const before = tf.memory().numTensors;
  const broken = vi.spyOn(callback, "onBatchEnd").mockRejectedValueOnce(new Error("enough"));
  await expect(run()).rejects.toThrow("enough");
  broken.mockRestore();
  const left = tf.memory().numTensors - before;
  await run();
  expect(tf.memory().numTensors - before).toBe(left - 2); // labels and logits
});

test("rejects invalid arguments, naming expected and actual", async () => {
  const { xs, ys, labels } = samples(6);
  const centroids = uniform();
  const data = { xs, ys: labels };
  const make = (...args: unknown[]) => Reflect.construct(CentroidCallback, args);
  const endless = (await datasetOf({ xs, ys }, 2)).repeat();
  const errors: [unknown[], string][] = [
    [[tf.ones([3, 3]), { data }], "centroids must be a tf.Variable, got a constant tensor"],
    [[3, { data }], "centroids must be a tf.Variable, got number"],
    [[tf.variable(tf.ones([3])), { data }], "centroids must be float32 [3,3], got float32 [3]"],
    [
      [centroids],
      "options must be an object with only data, strategy, decay, onReport, batchSize, fromLogits, got undefined",
    ],
    [[centroids, {}], 'strategy "epoch" needs options.data, got none'],
    [
      [centroids, data],
      "options must be an object with only data, strategy, decay, onReport, batchSize, fromLogits, got xs, ys",
    ],
    [[centroids, { strategy: "step" }], 'strategy must be "epoch" or "ema", got step'],
    [[centroids, { data, decay: 0.5 }], 'decay is for strategy "ema", got 0.5 with "epoch"'],
    [[centroids, { strategy: "ema", decay: 2 }], "decay must be a finite number >= 0 and <= 1"],
    [[centroids, { strategy: "ema", onReport: vi.fn() }], "onReport needs options.data, got none"],
    [[centroids, { data, batchSize: 0 }], "batchSize must be an integer >= 1, got 0"],
    [[centroids, { data: xs }], "data must be {xs, ys} or a tf.data.Dataset, got object"],
    [
      [centroids, { data: { ys } }],
      "the inputs of data must be tensors [6,...], a row for each label, got undefined",
    ],
    [
      [centroids, { data: { xs: tf.ones([5, 4]), ys } }],
      "the inputs of data must be tensors [6,...], a row for each label, got [5,4]",
    ],
    [
      [centroids, { data: { xs, ys: tf.zeros([6]) } }],
      "labels must be int32 class indices [batch]",
    ],
    [[centroids, { data: endless }], "data must be finite, got an endless data set"],
  ];
  for (const [args, message] of errors) {
    expect(() => make(...args)).toThrow(`CentroidCallback: ${message}`);
  }

  const run = (model: tfl.LayersModel, callback: CentroidCallback) =>
    model.fit(xs, ys, { epochs: 1, verbose: 0, callbacks: [callback] });
  const four = tf.variable(tf.fill([4, 4], 1 / 4));
  await expect(
    run(compiled(four), new CentroidCallback(four, { data: { xs, ys: labels } })),
  ).rejects.toThrow(
    "CentroidCallback: model must have a single output [batch,...,4], got [batch,3]",
  );
  const ema = new CentroidCallback(uniform(), { strategy: "ema" });
  await expect(run(compiled(centroids), ema)).rejects.toThrow(
    'CentroidCallback: strategy "ema" needs a model compiled with compiledMcmiLoss of the same centroids variable',
  );
});
