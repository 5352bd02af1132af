import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import {
  cosineSchedule,
  LearningRateScheduler,
  setLearningRate,
  stepSchedule,
} from "../../../src/layers/index.ts";
import { optimizers, useTrainingKernels } from "../support.ts";

useTrainingKernels();

test("cosine decay is halfway in the middle, follows a linear warm-up, and stays at its final rate", () => {
  const plain = cosineSchedule({ initial: 0.4, epochs: 8 });
  expect([0, 2, 4, 8, 9].map(plain)).toEqual([0.4, 0.2 * (1 + Math.cos(Math.PI / 4)), 0.2, 0, 0]);
  const warm = cosineSchedule({ initial: 0.4, final: 0.1, epochs: 11, warmupEpochs: 3 });
  const expected = [0.1, 0.15, 0.4, 0.25, 0.1];
  for (const [i, epoch] of [0, 0.5, 3, 7, 11].entries()) {
    expect(warm(epoch)).toBeCloseTo(expected[i]!, 12);
  }
  expect(warm(3 - 1e-9)).toBeCloseTo(0.4, 8); // no jump
  const steps = Array.from({ length: 80 }, (_, i) => warm(3 + i / 10));
  expect(steps).toEqual([...steps].sort((a, b) => b - a));
});

test("step decay equals that of RepDistiller", () => {
  const schedule = stepSchedule({ initial: 0.05, milestones: [150, 180, 210] });
  const rates = [0, 149.9, 150, 180, 209, 210, 239].map(schedule);
  for (const [i, rate] of [0.05, 0.05, 0.005, 5e-4, 5e-4, 5e-5, 5e-5].entries()) {
    expect(rates[i]!).toBeCloseTo(rate, 12);
  }
  expect(stepSchedule({ initial: 1, milestones: [], factor: 2 })(99)).toBe(1);
  expect(stepSchedule({ initial: 1, milestones: [1], factor: 2 })(1)).toBe(2);
});

for (const [name, create] of Object.entries(optimizers)) {
  test(`${name}: a rate of 0 keeps the weights, another changes them`, async () => {
    const weight = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = create(0.1);
    const step = () => optimizer.minimize(() => tf.sum(tf.square(weight)), false, [weight]);
    step();
    const before = await weight.data();
    const count = tf.memory().numTensors;
    setLearningRate(optimizer, 0);
    if (!name.includes("rmsprop")) {
      step(); // rmsprop's momentum contains steps with their earlier rates
      expect(await weight.data()).toEqual(before);
    }
    setLearningRate(optimizer, 0.2);
    step();
    expect((await weight.data())[0]).toBeLessThan(before[0]!);
    expect(tf.memory().numTensors).toBe(count);
  });
}

const compiled = (create: (rate: number) => tf.Optimizer) => {
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: create(0.7), loss: "meanSquaredError" });
  return model;
};

test("the scheduler sets the rate of each epoch or batch and logs it", {
  tags: "broad",
}, async () => {
  const [x, y] = [tf.ones([10, 2]), tf.ones([10, 1])];
  const schedule = cosineSchedule({ initial: 0.1, epochs: 3 });
  for (const [per, expected] of [
    ["epoch", [0, 0, 0, 1, 1, 1, 2, 2, 2]],
    ["batch", [0, 1 / 3, 2 / 3, 1, 1 + 1 / 3, 1 + 2 / 3, 2, 2 + 1 / 3, 2 + 2 / 3]],
  ] as const) {
    const model = compiled(optimizers.adam!);
    const rates: number[] = [];
    const recorder = new (class extends tfl.Callback {
      override async onBatchEnd() {
        rates.push((this.model.optimizer as unknown as { learningRate: number }).learningRate);
      }
    })();
    const callbacks = [new LearningRateScheduler(schedule, { per }), recorder];
    const fit = { epochs: 3, batchSize: 4, verbose: 0, callbacks } as const;
    const { history } = await model.fit(x, y, fit);
    expect(rates).toEqual(expected.map(schedule));
    expect(history.lr).toEqual([2, 5, 8].map((i) => rates[i]));
  }
});

test("rejects invalid options, naming expected and actual", async () => {
  const cosine = { initial: 0.1, epochs: 3 };
  expect(() => cosineSchedule({ ...cosine, initial: -1 })).toThrow(
    "cosineSchedule: initial must be a finite number >= 0, got -1",
  );
  expect(() => cosineSchedule({ ...cosine, final: Number.NaN })).toThrow("got NaN");
  expect(() => cosineSchedule({ ...cosine, epochs: 0 })).toThrow(
    "cosineSchedule: epochs must be a finite number > 0, got 0",
  );
  expect(() => cosineSchedule({ ...cosine, warmupEpochs: 4 })).toThrow(
    "cosineSchedule: warmupEpochs must be a finite number >= 0 and <= 3, got 4",
  );
  expect(() => stepSchedule({ initial: 1, milestones: [3, 3] })).toThrow(
    "stepSchedule: milestones[1] must be a finite number > 3, got 3",
  );
  expect(() => stepSchedule({ initial: 1, milestones: [], factor: 0 })).toThrow(
    "stepSchedule: factor must be a finite number > 0, got 0",
  );
  expect(() => setLearningRate(tf.train.sgd(1), -1)).toThrow(
    "setLearningRate: learningRate must be a finite number >= 0, got -1",
  );
  const without = { getClassName: () => "Mine" } as tf.Optimizer;
  expect(() => setLearningRate(without, 1)).toThrow(
    "setLearningRate: optimizer must have a number as its learningRate, got Mine without one",
  );
  const per = "step" as "epoch";
  expect(() => new LearningRateScheduler(() => 1, { per })).toThrow(
    'LearningRateScheduler: per must be "epoch" or "batch", got step',
  );
  const value = () => ({ xs: tf.ones([1, 2]), ys: tf.ones([1, 1]) });
  const dataset = {
    iterator: async () => ({ next: async () => ({ value: value(), done: false }) }),
  };
  const model = compiled(optimizers.sgd!);
  const callbacks = [new LearningRateScheduler(() => 1, { per: "batch" })];
  const data = dataset as unknown as Parameters<typeof model.fitDataset>[0];
  await expect(model.fitDataset(data, { epochs: 1, verbose: 0, callbacks })).rejects.toThrow(
    'LearningRateScheduler: per "batch" needs fitDataset with batchesPerEpoch, or a dataset of known size, got neither',
  );
});
