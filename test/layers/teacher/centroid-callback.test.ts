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

test.each(Object.entries(fits))(
  "running in %s equals a loop over the epoch's batches",
  async (_, train) => {
    const data = samples(20);
    const [centroids, expected] = [uniform(), uniform()];
    const model = compiled(centroids);
    const callbacks = [new CentroidCallback(centroids, { strategy: "running" })];
    await train(model, data, { epochs: 2, callbacks });

    const other = network();
    const optimizer = tf.train.sgd(0.3);
    for (let epoch = 0; epoch < 2; epoch++) {
      const outputs: tf.Tensor2D[] = [];
      for (const start of [0, 8, 16]) {
        const size = Math.min(BATCH, 20 - start);
        const [x, y] = [tf.slice(data.xs, start, size), tf.slice(data.ys, start, size)];
        optimizer.minimize(() => {
          const logits = other.apply(x, { training: true }) as tf.Tensor2D;
          outputs.push(tf.keep(tf.clone(logits)));
          return mcmiLoss(y, logits, expected, { lambda: LAMBDA });
        });
      }
      tf.tidy(() => expected.assign(classCentroids(data.labels, tf.concat(outputs))));
    }
    for (const [i, x] of [expected, ...other.getWeights()].entries()) {
      await expectClose([centroids, ...model.getWeights()][i]!, {
        shape: x.shape,
        data: [...(await x.data())],
      });
    }
  },
);

test("running keeps the centroid of a class without samples", async () => {
  const data = samples(8);
  const centroids = tf.variable(tf.eye(3)) as tf.Variable<tf.Rank.R2>;
  const ys = tf.oneHot(tf.fill([8], 1, "int32"), 3);
  const callbacks = [new CentroidCallback(centroids, { strategy: "running" })];
  await compiled(centroids).fit(data.xs, ys, { epochs: 1, verbose: 0, callbacks });
  const [first, second, third] = await centroids.array();
  expect([first, third]).toEqual([
    [1, 0, 0],
    [0, 0, 1],
  ]);
  expect(second).not.toEqual([0, 1, 0]);
  expect(Math.abs(second!.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-5);
});

test("running counts every position of dense outputs", async () => {
  const kernelInitializer = tfl.initializers.glorotNormal({ seed: 1 });
  const layer = tfl.layers.dense({ units: 3, inputShape: [2, 4], kernelInitializer });
  const model = tfl.sequential({ layers: [layer] });
  const xs = tf.randomNormal([5, 2, 4], 0, 1, "float32", 1);
  const labels = tf.tensor2d([0, 1, 2, 0, 1, 1, 2, 2, 0, 1], [5, 2], "int32");
  const expected = classCentroids(labels, model.apply(xs) as tf.Tensor);
  const centroids = uniform();
  const callbacks = [new CentroidCallback(centroids, { strategy: "running" })];
  const args = { epochs: 1, batchSize: 5, verbose: 0, callbacks } as const;
  await compiled(centroids, model).fit(xs, tf.oneHot(labels, 3), args);
  await expectClose(centroids, { shape: [3, 3], data: [...(await expected.data())] });
});

test("fixed takes the centroids once, before the first epoch of the first fit", async () => {
  const data = samples(20);
  const model = network();
  const expected = [
    ...(await classCentroids(data.labels, model.apply(data.xs) as tf.Tensor).data()),
  ];
  const centroids = uniform();
  const onReport = vi.fn();
  const options = { data: { xs: data.xs, ys: data.labels }, strategy: "fixed", onReport } as const;
  const callbacks = [new CentroidCallback(centroids, options)];
  compiled(centroids, model);
  await fits.fit(model, data, { epochs: 2, callbacks });
  await fits.fit(model, data, { epochs: 1, callbacks });
  await expectClose(centroids, { shape: [3, 3], data: expected });
  expect(onReport).toHaveBeenCalledTimes(1);
});

test("fixed in training mode uses the statistics of the batch", async () => {
  const data = samples(20);
  const { layers } = tfl;
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: 1 });
  const model = tfl.sequential({
    layers: [
      layers.batchNormalization({ inputShape: [data.xs.shape[1] as number] }),
      layers.dense({ units: 3, kernelInitializer }),
    ],
  });
  const values = async (training: boolean) => [
    ...(await classCentroids(data.labels, model.apply(data.xs, { training }) as tf.Tensor).data()),
  ];
  const [inference, training] = [await values(false), await values(true)];
  expect(inference).not.toEqual(training);
  const centroids = uniform();
  const options = { data: { xs: data.xs, ys: data.labels }, training: true } as const;
  const callbacks = [new CentroidCallback(centroids, { ...options, strategy: "fixed" })];
  await compiled(centroids, model).fit(data.xs, data.ys, { epochs: 1, verbose: 0, callbacks });
  await expectClose(centroids, { shape: [3, 3], data: training });
});

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

for (const [name, strategy, steps, options] of [
  ["fit", "ema", 20, {}],
  ["fit", "running", 20, {}],
  ["fit", "ema", 200, { tags: "broad" }],
  ["fitDataset", "ema", 20, { tags: "broad" }],
  ["fitDataset", "running", 60, { tags: "broad" }],
] as const) {
  test(
    `${strategy} in ${name} leaks no tensors, per step and per run, over ${steps} steps`,
    options,
    async () => {
      const few = samples(24, 2);
      const centroids = uniform();
      const model = compiled(centroids);
      const run = async (data: ReturnType<typeof samples>) => {
        const counts: number[] = [];
        const onBatchEnd = async () => void counts.push(tf.memory().numTensors);
        const callbacks = [
          new CentroidCallback(centroids, { data: few, strategy }),
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
    },
  );
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
      "options must be an object with only data, strategy, decay, training, onReport, batchSize, fromLogits, got undefined",
    ],
    [[centroids, {}], 'strategy "epoch" needs options.data, got none'],
    [
      [centroids, data],
      "options must be an object with only data, strategy, decay, training, onReport, batchSize, fromLogits, got xs, ys",
    ],
    [
      [centroids, { strategy: "step" }],
      'strategy must be one of "epoch", "fixed", "ema", "running", got "step"',
    ],
    [[centroids, { strategy: "fixed" }], 'strategy "fixed" needs options.data, got none'],
    [
      [centroids, { data, strategy: "running", decay: 0.5 }],
      'decay is for strategy "ema", got 0.5 with "running"',
    ],
    [
      [centroids, { data, training: true }],
      'training is for strategy "fixed", got true with "epoch"',
    ],
    [[centroids, { data, strategy: "fixed", training: 1 }], "training must be a boolean, got 1"],
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
  for (const strategy of ["ema", "running"] as const) {
    const model = network();
    model.compile({ optimizer: "sgd", loss: (y, z) => mcmiLoss(y, z, centroids, { lambda: 1 }) });
    const observing = new CentroidCallback(centroids, { strategy });
    await expect(run(model, observing)).rejects.toThrow(
      `CentroidCallback: strategy "${strategy}" needs a model compiled with compiledMcmiLoss of the same centroids variable`,
    );
  }
  for (const strategy of ["epoch", "fixed", "ema", "running"] as const) {
    const model = compiled(centroids);
    const before = await valuesOf(model.getWeights());
    const other = new CentroidCallback(uniform(), { strategy, data: { xs, ys: labels } });
    await expect(run(model, other)).rejects.toThrow(
      "CentroidCallback: needs a model compiled with compiledMcmiLoss of the same centroids variable, got one of other centroids",
    );
    expect(await valuesOf(model.getWeights())).toEqual(before);
  }
});
