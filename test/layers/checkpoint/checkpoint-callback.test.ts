import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import {
  CentroidCallback,
  CheckpointCallback,
  type CheckpointStore,
  compiledMcmiLoss,
  cosineSchedule,
  LearningRateScheduler,
} from "../../../src/layers/index.ts";
import { labelsOf } from "../../support.ts";
import { normal, useTrainingKernels } from "../support.ts";
import { valuesOf } from "../training.ts";
import { memoryStore, numbersOf } from "./support.ts";

useTrainingKernels();

const [N, BATCH, EPOCHS] = [24, 8, 4];

/** Stops training by an error in the second batch of an epoch. */
class Kill extends tfl.Callback {
  private epoch = 0;
  constructor(private readonly at: number) {
    super();
  }
  override async onEpochBegin(epoch: number) {
    this.epoch = epoch;
  }
  override async onBatchEnd(batch: number) {
    if (this.epoch === this.at && batch === 1) throw new Error("killed");
  }
}

/** Batches in an order that depends on the epoch, without a dependency on tf.data. */
class Shuffled extends tfl.Callback {
  private epoch = 0;
  readonly size = N / BATCH;
  constructor(
    private readonly x: tf.Tensor,
    private readonly y: tf.Tensor,
  ) {
    super();
  }
  override async onEpochBegin(epoch: number) {
    this.epoch = epoch;
  }
  async iterator() {
    const random = normal([N], this.epoch + 1);
    const keys = await random.data();
    random.dispose();
    const order = Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]!);
    let start = 0;
    return {
      next: async () => {
        if (start === N) return { value: null, done: true };
        const rows = tf.tensor1d(order.slice(start, start + BATCH), "int32");
        start += BATCH;
        const value = { xs: tf.gather(this.x, rows), ys: tf.gather(this.y, rows) };
        rows.dispose();
        return { value, done: false };
      },
    };
  }
}

/** Trains from the store's checkpoint to the last epoch, or to the epoch in which it is killed. */
async function run(how: "fit" | "fitDataset", store: CheckpointStore, killedAt = EPOCHS) {
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({
        units: 5,
        inputShape: [4],
        kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
      }),
      tfl.layers.batchNormalization({}),
      tfl.layers.dropout({ rate: 0.3, seed: 2 }),
      tfl.layers.dense({
        units: 3,
        kernelInitializer: tfl.initializers.glorotNormal({ seed: 3 }),
      }),
    ],
  });
  const labels = labelsOf(N, 3);
  const [x, y] = [normal([N, 4], 7), tf.oneHot(labels, 3)];
  const centroids = tf.variable(tf.fill([3, 3], 1 / 3));
  const loss = compiledMcmiLoss(centroids, { lambda: 0.2 });
  model.compile({ optimizer: tf.train.adam(0.5), loss, metrics: ["accuracy"] });
  const tensors = () => ({ centroids });
  const checkpoint = new CheckpointCallback({ store, everyEpochs: 2, tensors });
  const data = new Shuffled(x, y);
  const callbacks = [
    data,
    new CentroidCallback(centroids, { data: { xs: x, ys: labels } }),
    new LearningRateScheduler(cosineSchedule({ initial: 0.05, epochs: EPOCHS }), { per: "batch" }),
    checkpoint,
    new Kill(killedAt),
  ];
  const initialEpoch = await checkpoint.resume(model);
  const options = { epochs: EPOCHS, initialEpoch, verbose: 0 as const, callbacks };
  const trainNow = () =>
    how === "fit"
      ? model.fit(x, y, { ...options, batchSize: BATCH, shuffle: false })
      : model.fitDataset(data as unknown as Parameters<typeof model.fitDataset>[0], options);
  if (killedAt < EPOCHS) await expect(trainNow()).rejects.toThrow("killed");
  else await trainNow();
  const numbers = [...(await numbersOf(model)), await centroids.data()];
  const again = async () => {
    const before = tf.memory().numTensors;
    await trainNow();
    expect(tf.memory().numTensors).toBe(before);
  };
  return { initialEpoch, numbers, history: checkpoint.history, again };
}

for (const how of ["fit", "fitDataset"] as const) {
  test(`${how}: killed twice and resumed, it ends as an uninterrupted run`, {
    tags: "broad",
  }, async () => {
    const whole = await run(how, memoryStore());
    expect(whole.initialEpoch).toBe(0);
    const store = memoryStore();
    // The first run is killed before it wrote a checkpoint.
    for (const killedAt of [1, 3]) {
      expect((await run(how, store, killedAt)).initialEpoch).toBe(0);
    }
    const resumed = await run(how, store);
    expect(resumed.initialEpoch).toBe(2);
    expect(resumed.numbers).toEqual(whole.numbers);
    expect(resumed.history).toEqual(whole.history);
    expect(Object.keys(whole.history).sort()).toEqual(["acc", "loss", "lr"]);
    expect(whole.history.loss).toHaveLength(EPOCHS);
    expect(new Set(whole.history.loss).size).toBe(EPOCHS);
    expect((await run(how, store)).numbers).toEqual(whole.numbers); // already complete
    await resumed.again();
  });
}

const linear = () => {
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: "meanSquaredError" });
  return model;
};

test("other models are saved, and constant tensors go to onRestore", async () => {
  const store = memoryStore();
  const head = linear();
  const tensors = () => ({ bank: tf.tensor1d([1, 2]) });
  const fit = { epochs: 1, verbose: 0 } as const;
  const callbacks = [new CheckpointCallback({ store, models: { head }, tensors })];
  await linear().fit(tf.ones([2, 2]), tf.ones([2, 1]), { ...fit, callbacks });

  const [model, other] = [linear(), linear()];
  const before = await numbersOf(model);
  const without = new CheckpointCallback({ store, models: { head: other }, tensors });
  await expect(without.resume(model)).rejects.toThrow(
    "CheckpointCallback.resume: onRestore must be given to restore bank, which is not a tf.Variable, got none",
  );
  expect(await numbersOf(model)).toEqual(before);
  let restored: tf.Tensor[] = [];
  const onRestore = (saved: Record<string, tf.Tensor>) => {
    restored = Object.values(saved);
  };
  const options = { store, models: { head: other }, tensors, onRestore };
  expect(await new CheckpointCallback(options).resume(model)).toBe(1);
  expect(await numbersOf(other)).toEqual(await numbersOf(head));
  expect(await numbersOf(model)).not.toEqual(before);
  expect(await Promise.all(restored.map((x) => x.array()))).toEqual([[1, 2]]);
});

test("rejects invalid input before the first step, naming expected and actual", async () => {
  const options = { store: memoryStore(), everyEpochs: 0 };
  expect(() => new CheckpointCallback(options)).toThrow(
    "CheckpointCallback: everyEpochs must be an integer >= 1, got 0",
  );
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
  const callback = new CheckpointCallback({ store: memoryStore() });
  await expect(callback.resume(model)).rejects.toThrow(
    "CheckpointCallback.resume: model must be compiled, got one that is not",
  );
});

test("a layer thawed after resuming gets its own slots, and the others keep theirs", {
  tags: "broad",
}, async () => {
  const [xs, ys] = [normal([8, 4], 1), normal([8, 4], 2)];
  const create = (isFrozen: boolean) => {
    const layers = ["ones", "zeros"].map((kernelInitializer) =>
      tfl.layers.dense({
        units: 4,
        inputShape: [4],
        useBias: false,
        kernelInitializer: kernelInitializer as "ones",
      }),
    );
    layers[0]!.trainable = !isFrozen;
    const model = tfl.sequential({ layers });
    model.compile({ optimizer: tf.train.momentum(0.01, 0.9), loss: "meanSquaredError" });
    return model;
  };
  const train = (model: tfl.LayersModel, epochs: number, callback?: tfl.Callback) =>
    model.fit(xs, ys, {
      epochs,
      verbose: 0,
      shuffle: false, // another order of the samples rounds their sum differently
      ...(callback && { callbacks: [callback] }),
    });
  const store = memoryStore();
  await train(create(true), 3, new CheckpointCallback({ store }));
  const kernels = async (isFrozen: boolean) => {
    const model = create(isFrozen);
    expect(await new CheckpointCallback({ store }).resume(model)).toBe(3);
    await train(model, 1);
    return valuesOf(model.layers.flatMap((layer) => layer.getWeights()));
  };
  const [frozen, thawed] = [await kernels(true), await kernels(false)];
  expect(thawed[0]).not.toEqual(frozen[0]);
  expect(thawed[1]).toEqual(frozen[1]);
});
