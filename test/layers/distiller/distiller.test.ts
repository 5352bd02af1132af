import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, inject, test, vi } from "vitest";
import {
  crdLoss,
  createContrastBank,
  hintLoss,
  kdLoss,
  l2Normalize,
  sampleContrastIndices,
  updateContrastBank,
} from "../../../src/index.ts";
import { batchSource, START } from "../../../src/layers/data/batch-source.ts";
import { yieldToEvents } from "../../../src/layers/distiller/yield-to-events.ts";
import {
  type CheckpointStore,
  contrastProjection,
  type DistillationBatch,
  type DistillationLoss,
  Distiller,
  type DistillerCheckpoint,
  distillationStep,
  type LabelledDataset,
  LearningRateScheduler,
  weightedSum,
  type YieldEvery,
} from "../../../src/layers/index.ts";
import { memoryStore } from "../checkpoint/support.ts";
import { valuesOf } from "../training.ts";

const [SAMPLES, CLASSES] = [50, 3];
let inputs: tf.Tensor;
let labels: tf.Tensor;

beforeAll(() => {
  inputs = tf.randomNormal([SAMPLES, 4], 0, 1, "float32", 1);
  const classes = tf.tensor1d(
    Array.from({ length: SAMPLES }, (_, i) => i % CLASSES),
    "int32",
  );
  labels = tf.cast(tf.oneHot(classes, CLASSES), "float32");
});

/** A perceptron with dropout, with the same weights for the same seed. */
function network(units: number, seed: number): tfl.LayersModel {
  const kernelInitializer = () => tfl.initializers.glorotNormal({ seed: seed++ });
  const hidden = { name: "hidden", units, activation: "relu" as const, inputShape: [4] };
  return tfl.sequential({
    layers: [
      tfl.layers.dense({ ...hidden, kernelInitializer: kernelInitializer() }),
      tfl.layers.dropout({ rate: 0.5, seed: 1 }),
      tfl.layers.dense({ name: "logits", units: CLASSES, kernelInitializer: kernelInitializer() }),
    ],
  });
}

/** A network without dropout, whose draws differ from step to step. */
function student(seed = 7): tfl.LayersModel {
  const model = network(5, seed);
  (model.layers[1] as unknown as { rate: number }).rate = 0;
  return model;
}

const crossEntropy = (y: tf.Tensor, z: tf.Tensor): tf.Scalar => tf.losses.softmaxCrossEntropy(y, z);

const loss: DistillationLoss = ({ labels, teacherLogits, studentLogits }) =>
  weightedSum({
    kd: [0.9, kdLoss(teacherLogits, studentLogits)],
    ce: [0.1, crossEntropy(labels, studentLogits)],
  });

function distiller(options: Partial<ConstructorParameters<typeof Distiller>[0]> = {}) {
  const model = options.student ?? student();
  const result = new Distiller({ teacher: network(8, 1), student: model, loss, ...options });
  result.compile({ optimizer: tf.train.adam(0.01), metrics: ["accuracy"] });
  return { distiller: result, student: model };
}

const weightsOf = (model: tfl.LayersModel) => valuesOf(model.getWeights());

/** Batches in the order of the rows, in the form of a `tf.data.Dataset`. */
const dataset = (batchSize: number, isIndexed = false) => ({
  async iterator() {
    let start = 0;
    return {
      async next() {
        if (start >= SAMPLES) return { value: undefined, done: true };
        const size = Math.min(batchSize, SAMPLES - start);
        const [xs, ys] = [tf.slice(inputs, start, size), tf.slice(labels, start, size)];
        const indices = isIndexed ? { indices: tf.range(start, start + size, 1, "int32") } : {};
        start += size;
        return { value: { xs, ys, ...indices }, done: false };
      },
    };
  },
});

test("20 steps give bitwise the weights of a manual loop, from tensors and from a dataset", {
  tags: "broad",
}, async () => {
  const byHand = student();
  const teacher = network(8, 1);
  const optimizer = tf.train.adam(0.01);
  for (let step = 0; step < 20; step++) {
    const start = (step % 5) * 10;
    const [x, y] = [tf.slice(inputs, start, 10), tf.slice(labels, start, 10)];
    const target = teacher.apply(x, { training: false }) as tf.Tensor;
    optimizer.minimize(() => {
      const logits = byHand.apply(x, { training: true }) as tf.Tensor;
      const [soft, hard] = [kdLoss(target, logits), crossEntropy(y, logits)];
      return tf.addN([tf.mul(soft, 0.9), tf.mul(hard, 0.1)]) as tf.Scalar;
    });
  }
  const expected = await weightsOf(byHand);
  const a = distiller();
  await a.distiller.fit(inputs, labels, { epochs: 4, batchSize: 10, shuffle: false });
  expect(await weightsOf(a.student)).toEqual(expected);
  const b = distiller();
  await b.distiller.fitDataset(dataset(10), { epochs: 4 });
  expect(await weightsOf(b.student)).toEqual(expected);
  const c = student();
  const stepOf = { teacher, student: c, optimizer: tf.train.adam(0.01), loss };
  const step = distillationStep(stepOf);
  const before = tf.memory().numTensors;
  for (let i = 0; i < 20; i++) {
    const start = (i % 5) * 10;
    const scalars = step(tf.slice(inputs, start, 10), tf.slice(labels, start, 10));
    expect(Object.keys(scalars)).toEqual(["loss", "kd", "ce"]);
  }
  expect(await weightsOf(c)).toEqual(expected);
  // Inputs, labels and three scalars a step, and Adam's two moments of four weights.
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(20 * 5 + 8);
});

test("inputs of a dataset reach the student by their names", async () => {
  const [left, right] = ["left", "right"].map((name) => tfl.input({ name, shape: [2] }));
  const swapped = tfl.layers.concatenate().apply([left!, right!]) as tfl.SymbolicTensor;
  const out = tfl.layers.dense({ units: CLASSES }).apply(swapped) as tfl.SymbolicTensor;
  const two = tfl.model({ inputs: [left!, right!], outputs: out });
  const seen: tf.Tensor[] = [];
  const d = new Distiller({
    teacher: two,
    student: two,
    loss: ({ studentLogits }) => {
      seen.push(tf.keep(tf.clone(studentLogits)));
      return tf.mean(studentLogits);
    },
  });
  d.compile({ optimizer: "sgd" });
  const [a, b] = [tf.slice(inputs, [0, 0], [4, 2]), tf.slice(inputs, [0, 2], [4, 2])];
  const expected = two.predict([a, b]) as tf.Tensor;
  const element = { xs: { right: tf.clone(b), left: tf.clone(a) }, ys: tf.slice(labels, 0, 4) };
  const elements = [element];
  const next = async () => ({ value: elements.pop(), done: false });
  await d.fitDataset({ iterator: async () => ({ next }) }, { batchesPerEpoch: 1 });
  const [got, wanted] = await Promise.all([seen[0]!.data(), expected.data()]);
  for (const [i, x] of got.entries()) expect(x).toBeCloseTo(wanted[i]!, 5);
});

test("the history contains the means of loss, terms and metrics, also of validation data", {
  tags: "broad",
}, async () => {
  const { distiller: d, student: s } = distiller();
  const { history } = await d.fit(inputs, labels, {
    epochs: 2,
    batchSize: 16,
    validationData: [inputs, labels],
  });
  const names = ["loss", "kd", "ce", "acc"];
  expect(Object.keys(history)).toEqual([...names, ...names.map((name) => `val_${name}`)]);
  const means = await d.evaluate(inputs, labels, { batchSize: 50 });
  const logits = s.predict(inputs) as tf.Tensor;
  const [ce] = await crossEntropy(labels, logits).data();
  const kd = kdLoss(network(8, 1).predict(inputs) as tf.Tensor, logits);
  const hits = tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(labels, 1)), "float32"));
  const expected = { ce, kd: (await kd.data())[0]!, acc: (await hits.data())[0]! };
  for (const [name, value] of Object.entries(expected)) {
    expect(history[`val_${name}`]![1]).toBeCloseTo(value!, 4);
    expect(means[name]).toBeCloseTo(value!, 4);
  }
  expect(means.loss).toBeCloseTo(0.9 * means.kd! + 0.1 * means.ce!, 4);
  expect(history.loss).toHaveLength(2);
});

test("a share of the samples can be held out", { tags: "broad" }, async () => {
  const { distiller: d } = distiller();
  const seen: number[] = [];
  const { history } = await d.fit(inputs, labels, {
    batchSize: 10,
    validationSplit: 0.2,
    callbacks: {
      onBatchBegin: async (_: number, logs?: tfl.Logs) => void seen.push(logs!.size as number),
    },
  });
  expect(seen).toEqual([10, 10, 10, 10]);
  const last = await d.evaluate(tf.slice(inputs, 40), tf.slice(labels, 40));
  expect(history.val_loss![0]).toBeCloseTo(last.loss!, 5);
});

test("a seed determines the order, which differs from epoch to epoch", {
  tags: "broad",
}, async () => {
  const orders = async (seed: number) => {
    const seen: tf.Tensor[] = [];
    const { distiller: d, student: s } = distiller({
      loss: (batch) => {
        seen.push(tf.keep(tf.clone(batch.indices)));
        return loss(batch) as { total: tf.Scalar; terms: Record<string, tf.Scalar> };
      },
    });
    await d.fit(inputs, labels, { epochs: 2, batchSize: 25, seed });
    const indices = (await Promise.all(seen.map((x) => x.data()))).flatMap((x) => [...x]);
    return {
      order: [indices.slice(0, SAMPLES), indices.slice(SAMPLES)],
      weights: await weightsOf(s),
    };
  };
  const [first, again, other] = [await orders(1), await orders(1), await orders(2)];
  expect(again).toEqual(first);
  expect(other.order).not.toEqual(first.order);
  expect(first.order[0]).not.toEqual(first.order[1]);
  const all = Array.from({ length: SAMPLES }, (_, i) => i);
  for (const order of first.order) expect([...order!].sort((a, b) => a - b)).toEqual(all);
});

test("heads in the loss are trained; the teacher is constant and runs in inference mode", {
  tags: "broad",
}, async () => {
  const head = tfl.sequential({ layers: [tfl.layers.dense({ units: 8, inputShape: [5] })] });
  const teacher = network(8, 1);
  const before = [await weightsOf(head), await weightsOf(teacher)];
  const dropout = teacher.layers[1]!.name;
  const dropped: tf.Tensor[] = [];
  const hidden: tf.Tensor[] = [];
  const { distiller: d } = distiller({
    teacher,
    teacherLayers: ["hidden", dropout],
    studentLayers: ["hidden"],
    loss: ({ teacherFeatures: [before, after], studentFeatures }) => {
      hidden.push(tf.keep(tf.clone(before!)));
      dropped.push(tf.keep(tf.clone(after!)));
      return hintLoss(after!, head.apply(studentFeatures[0]!) as tf.Tensor);
    },
  });
  const { history } = await d.fit(inputs, labels, { epochs: 5, batchSize: 25 });
  expect(await valuesOf(dropped)).toEqual(await valuesOf(hidden)); // dropout is the identity
  expect(history.loss!.at(-1)).toBeLessThan(history.loss![0]!);
  expect(await weightsOf(head)).not.toEqual(before[0]);
  expect(await weightsOf(teacher)).toEqual(before[1]);
});

test("a teacher with only predict runs once per sample if its outputs are cached", {
  tags: "broad",
}, async () => {
  const model = network(8, 1);
  let runs = 0;
  const teacher = {
    predict(x: tf.Tensor | tf.Tensor[]) {
      runs += 1;
      return model.predict(x);
    },
  };
  const kept = distiller({ teacher, cacheTeacher: true });
  await kept.distiller.fit(inputs, labels, { epochs: 3, batchSize: 10, seed: 1 });
  expect(runs).toBe(5);
  const plain = distiller({ teacher });
  await plain.distiller.fit(inputs, labels, { epochs: 3, batchSize: 10, seed: 1 });
  expect(runs).toBe(20);
  // Not bitwise: webgpu computes on the CPU with small tensors that were read back.
  const [own, other] = [await weightsOf(kept.student), await weightsOf(plain.student)];
  const differences = own.flat().map((x, i) => Math.abs(x - other.flat()[i]!));
  expect(Math.max(...differences)).toBeLessThan(1e-5);
  const indexed = distiller({ teacher, cacheTeacher: true });
  await indexed.distiller.fitDataset(dataset(10, true), { epochs: 2 });
  expect(runs).toBe(25);
});

test("a cached teacher is computed anew in each fit, for other data and other weights", {
  tags: "broad",
}, async () => {
  const teacher = network(8, 1);
  const errors: tf.Tensor[] = [];
  let expected: tf.Tensor;
  const { distiller: d } = distiller({
    teacher,
    cacheTeacher: true,
    loss: (batch) => {
      const rows = tf.gather(expected, batch.indices);
      errors.push(tf.keep(tf.max(tf.abs(tf.sub(batch.teacherLogits, rows)))));
      return loss(batch) as { total: tf.Scalar; terms: Record<string, tf.Scalar> };
    },
  });
  const train = async (xs: tf.Tensor) => {
    expected = teacher.predict(xs) as tf.Tensor;
    await d.fit(xs, labels, { epochs: 2, batchSize: 25 });
  };
  await train(inputs);
  await train(tf.neg(inputs));
  teacher.setWeights(network(8, 2).getWeights());
  await train(inputs);
  expect(errors).toHaveLength(12);
  for (const [error] of await valuesOf(errors)) expect(error).toBeLessThan(1e-5);
});

test("callbacks get the calls of model.fit, and can stop training", { tags: "broad" }, async () => {
  const heard: string[] = [];
  const say = (name: string) => async (i: unknown, logs?: object) =>
    void heard.push(typeof i === "number" ? `${name} ${i} ${Object.keys(logs ?? {})}` : name);
  const names = [
    "onTrainBegin",
    "onEpochBegin",
    "onBatchBegin",
    "onBatchEnd",
    "onEpochEnd",
    "onTrainEnd",
  ] as const;
  const callback = Object.fromEntries(names.map((name) => [name, say(name)]));
  await distiller().distiller.fit(inputs, labels, {
    batchSize: 50,
    initialEpoch: 3,
    epochs: 4,
    callbacks: callback,
  });
  expect(heard).toEqual([
    "onTrainBegin",
    "onEpochBegin 3 ",
    "onBatchBegin 0 batch,size",
    "onBatchEnd 0 batch,size,loss,kd,ce,acc",
    "onEpochEnd 3 loss,kd,ce,acc",
    "onTrainEnd",
  ]);
  const rates = new LearningRateScheduler((epoch) => 0.1 / (1 + epoch), { per: "batch" });
  const scheduled = await distiller().distiller.fit(inputs, labels, {
    epochs: 2,
    batchSize: 25,
    callbacks: rates,
  });
  expect(scheduled.history.lr).toEqual([0.1 / 1.5, 0.1 / 2.5]);
  const patient = tfl.callbacks.earlyStopping({ monitor: "acc", minDelta: 2, patience: 1 });
  const { epoch } = await distiller().distiller.fit(inputs, labels, {
    epochs: 9,
    callbacks: [patient],
  });
  expect(epoch).toHaveLength(2);
});

/** A few steps take a second on a software GPU. */
const LEAK_STEPS = ["cpu", "wasm"].includes(inject("backend").name) ? 200 : 40;

test(`no tensor grows over ${LEAK_STEPS} steps`, async () => {
  const { distiller: d } = distiller();
  const options = { batchSize: 1, validationSplit: 0.2, epochs: 1, callbacks: {} };
  await d.fit(inputs, labels, options);
  const before = tf.memory().numTensors;
  await d.fit(inputs, labels, { ...options, epochs: LEAK_STEPS / 40 });
  await d.evaluate(inputs, labels);
  expect(tf.memory().numTensors).toBe(before);
});

describe("rejects invalid input before the first step, naming expected and actual:", () => {
  const teacher = () => network(8, 1);
  test("in the constructor", () => {
    const build = (options: object) => () =>
      new Distiller({ teacher: teacher(), student: student(), loss, ...options });
    expect(build({ student: {} })).toThrow(
      "Distiller: student must be a tf.LayersModel, got object",
    );
    expect(build({ teacher: {} })).toThrow(
      "Distiller: teacher must be a tf.LayersModel, have a function predict, or be a function of the inputs, got object",
    );
    expect(build({ loss: 1 })).toThrow("Distiller: loss must be a function, got 1");
    expect(build({ teacherLayers: "hidden" })).toThrow(
      'Distiller: teacherLayers must be a list of names of layers, got "hidden"',
    );
    expect(build({ studentLayers: [1] })).toThrow(
      "Distiller: studentLayers must be a list of names of layers, got an array",
    );
    expect(build({ studentLayers: ["nope"] })).toThrow(
      /layerNames must be layers of the model \(hidden, .*logits\), got nope/,
    );
    expect(build({ teacher: { predict: () => inputs }, teacherLayers: ["hidden"] })).toThrow(
      "Distiller: teacherLayers needs a tf.LayersModel",
    );
  });

  test.each<[string, object, object | undefined, string]>([
    [
      "a teacher without logits",
      { teacher: { predict: () => tf.zeros([10]) } },
      undefined,
      "the loss reads teacherLogits, but the teacher must have a single output [batch,...,classes]",
    ],
    [
      "an asynchronous teacher",
      { teacher: { predict: async () => tf.zeros([10, 3]) } },
      undefined,
      "Distiller: teacher.predict must return a tensor or tensors, got a Promise; an asynchronous teacher is a function",
    ],
    [
      "features without layers",
      { loss: ({ studentFeatures: [x] }: { studentFeatures: tf.Tensor[] }) => x },
      undefined,
      "the loss reads studentFeatures, but no studentLayers were given",
    ],
    [
      "a term called loss",
      {
        loss: ({ labels, studentLogits }: { labels: tf.Tensor; studentLogits: tf.Tensor }) =>
          weightedSum({ loss: [1, crossEntropy(labels, studentLogits)] }),
      },
      undefined,
      "names of terms and metrics must differ, got loss twice",
    ],
    [
      "a batch size of 0",
      {},
      { batchSize: 0 },
      "Distiller.fit: batchSize must be an integer >= 1, got 0",
    ],
    [
      "no sample left to train on",
      {},
      { validationSplit: 1 },
      "Distiller.fit: validationSplit must leave a sample, got 1",
    ],
    ["no epoch", {}, { epochs: 0 }, "Distiller.fit: epochs must be an integer >= 1, got 0"],
    [
      "a loss per sample",
      { loss: ({ studentLogits }: { studentLogits: tf.Tensor }) => tf.mean(studentLogits, 1) },
      undefined,
      "Distiller: loss must return a scalar or a weightedSum, got [10]",
    ],
    [
      "a loss that returns a number",
      { loss: () => 3 },
      undefined,
      "Distiller: loss must return a scalar or a weightedSum, got 3",
    ],
    [
      "an asynchronous loss",
      { loss: async () => tf.scalar(1) },
      undefined,
      "Distiller: loss must return a scalar or a weightedSum, got a Promise",
    ],
    [
      "a store without functions",
      {},
      { checkpoint: { store: {} } },
      "Distiller.fit: checkpoint.store must have functions read and write, as that of fileCheckpoint has, got object",
    ],
    [
      "a loss without result",
      { loss: () => undefined },
      undefined,
      "Distiller: loss must return a scalar or a weightedSum, got undefined",
    ],
    [
      "a term per sample",
      {
        loss: ({ studentLogits }: { studentLogits: tf.Tensor }) => ({
          total: tf.mean(studentLogits),
          terms: { mean: tf.mean(studentLogits, 1) },
        }),
      },
      undefined,
      "Distiller: mean must be a scalar, got [10]",
    ],
    [
      "an invalid checkpoint",
      {},
      { checkpoint: { store: memoryStore(), everyEpochs: 0 } },
      "Distiller.fit: checkpoint.everyEpochs must be an integer >= 1, got 0",
    ],
  ])("%s", async (_, options, args, message) => {
    const { distiller: d, student: s } = distiller(options);
    const before = await weightsOf(s);
    await expect(d.fit(inputs, labels, { batchSize: 10, ...args })).rejects.toThrow(message);
    expect(await weightsOf(s)).toEqual(before);
  });

  test("missing indices, invalid elements, no compile", async () => {
    const needy = distiller({
      loss: ({ labels, studentLogits, indices }) =>
        tf.mul(crossEntropy(labels, studentLogits), tf.scalar(indices.size)),
    });
    await expect(needy.distiller.fitDataset(dataset(10))).rejects.toThrow(
      "the loss reads indices, which the dataset's elements lack: map them to {xs, ys, indices}, indices int32 [batch]",
    );
    await expect(needy.distiller.evaluate(inputs, labels)).rejects.toThrow(
      "which only training samples have: check the batch's training first",
    );
    const pairs = {
      iterator: async () => ({ next: async () => ({ value: { a: 1 }, done: false }) }),
    };
    await expect(distiller().distiller.fitDataset(pairs)).rejects.toThrow(
      /the elements of the data set must be \{xs, ys\} or \{xs, ys, indices\} of tensors for the model's .*, got \{a\}/,
    );
    const raw = new Distiller({ teacher: teacher(), student: student(), loss });
    await expect(raw.fit(inputs, labels)).rejects.toThrow("Distiller.fit: the Distiller must be compiled first"); // biome-ignore format: one line
    const validationData = { xs: tf.zeros([0, 4]), ys: tf.zeros([0, 3]) };
    await expect(distiller().distiller.fit(inputs, labels, { validationData })).rejects.toThrow(
      "Distiller.fit: the labels of validationData must be a tensor [samples,...] with at least 1 sample, got [0,3]",
    );
    await expect(distiller().distiller.fit(inputs, tf.slice(labels, 0, 9))).rejects.toThrow(
      "Distiller.fit: the inputs of the training data must be tensors [9,...], a row for each label, got [50,4]",
    );
  });
});

test("rejects a cached teacher of samples without indices, naming expected and actual", async () => {
  const { distiller: d, student: s } = distiller({ cacheTeacher: true });
  const before = await weightsOf(s);
  await expect(d.fitDataset(dataset(10))).rejects.toThrow(
    "Distiller: cacheTeacher needs the indices of the samples, got elements without: map the dataset's elements to {xs, ys, indices}",
  );
  expect(await weightsOf(s)).toEqual(before);
});

test("distillationStep rejects invalid input in its own name", () => {
  const models = { teacher: network(8, 1), student: student(), optimizer: tf.train.sgd(0.1) };
  const step = (options: object) => distillationStep({ ...models, loss, ...options });
  expect(() => step({ student: 1 })).toThrow(
    "distillationStep: student must be a tf.LayersModel, got 1",
  );
  expect(() => step({ loss: 1 })).toThrow("distillationStep: loss must be a function, got 1");
  expect(() => step({ teacher: {} })).toThrow("distillationStep: teacher must be");
  expect(() => step({ studentLayers: ["nope"] })).toThrow("distillationStep: layerNames must be");
  const run = (loss: (batch: DistillationBatch) => tf.Tensor) => () =>
    step({ loss })(inputs, labels);
  expect(run(({ indices }) => tf.sum(indices))).toThrow("distillationStep: the loss reads indices");
  expect(run(({ labels }) => labels)).toThrow("distillationStep: loss must return a scalar");
});

test("compile rejects invalid options, naming expected and actual", () => {
  const compile = (options: unknown) => () =>
    new Distiller({ teacher: network(8, 1), student: student(), loss }).compile(options as never);
  const expected = "Distiller.compile: options must be an object with only optimizer, metrics";
  expect(compile("adam")).toThrow(`${expected}, got "adam"`);
  expect(compile(undefined)).toThrow(`${expected}, got undefined`);
  expect(compile({ optimizer: "sgd", loss: "mse" })).toThrow(`${expected}, got loss`);
  expect(compile({})).toThrow("Distiller.compile: optimizer must be a tf.Optimizer, got undefined");
  expect(compile({ optimizer: "sgd", metrics: "accuracy" })).toThrow(
    'Distiller.compile: metrics must be a list of "accuracy", "binaryAccuracy" or functions, got "accuracy"',
  );
  expect(compile({ optimizer: "sgd", metrics: ["mse"] })).toThrow(
    'Distiller.compile: metrics must be "accuracy", "binaryAccuracy" or functions, got "mse"',
  );
});

test("verbose prints a line for each epoch", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const { distiller: d } = distiller();
  const options = { batchSize: SAMPLES, epochs: 2 };
  await d.fit(inputs, labels, options);
  expect(log).not.toHaveBeenCalled();
  const { history } = await d.fit(inputs, labels, { ...options, verbose: 1 });
  const values = ["loss", "kd", "ce", "acc"].map(
    (name) => `${name}: ${history[name]![1]!.toPrecision(4)}`,
  );
  expect(log).toHaveBeenCalledTimes(2);
  expect(log).toHaveBeenLastCalledWith(["Epoch 2/2", ...values].join(" - "));
  log.mockRestore();
  await expect(d.fit(inputs, labels, { verbose: 2 as 1 })).rejects.toThrow(
    "Distiller.fit: verbose must be 0 or 1, got 2",
  );
});

test("training yields by yieldEvery and calls onYield with the means so far", {
  tags: "broad",
}, async () => {
  const yields = async (yieldEvery: YieldEvery) => {
    const seen: [number, number, string][] = [];
    const onYield = async (epoch: number, batch: number, logs: tfl.Logs) =>
      void seen.push([epoch, batch, Object.keys(logs).join()]);
    const options = { batchSize: 25, epochs: 2, yieldEvery, callbacks: { onYield } };
    await distiller().distiller.fit(inputs, labels, options);
    return seen;
  };
  const names = "loss,kd,ce,acc";
  const each = [0, 1].flatMap((epoch) => [0, 1].map((batch) => [epoch, batch, names]));
  expect(await yields("batch")).toEqual(each);
  expect(await yields(0)).toEqual(each);
  expect(await yields("never")).toEqual([]);
  expect(await yields("epoch")).toEqual([]);
  await expect(yields("often" as never)).rejects.toThrow(
    "Distiller.fit: yieldEvery must be auto, batch, epoch, never or a number of milliseconds, got often",
  );
  await expect(yields(-1)).rejects.toThrow(
    "Distiller.fit: yieldEvery must be a finite number >= 0, got -1",
  );
});

test("training yields by a timer where no frames come, as in a hidden tab", async () => {
  const noFrame = () => new Promise<void>(() => {});
  await expect(yieldToEvents(noFrame)).resolves.toBeUndefined();
});

test("a metric that needs logits is named where the student has none", async () => {
  const input = tfl.input({ shape: [4] });
  const outputs = [1, 2].map(() => tfl.layers.dense({ units: CLASSES }).apply(input));
  const two = tfl.model({ inputs: input, outputs: outputs as tfl.SymbolicTensor[] });
  const { distiller: d } = distiller({
    student: two,
    studentLayers: [two.layers[1]!.name],
    loss: ({ studentFeatures }) => tf.mean(studentFeatures[0]!),
  });
  await expect(d.evaluate(inputs, labels)).rejects.toThrow(
    "Distiller: the metric acc needs a student with a single output [batch,...,classes], which this one lacks",
  );
});

test("spreading a batch copies the available fields", async () => {
  const fields: string[][] = [];
  const { distiller: d } = distiller({
    studentLayers: ["hidden"],
    loss: (batch) => {
      const copy = { ...batch };
      fields.push(Object.keys(copy).sort());
      return crossEntropy(copy.labels, copy.studentLogits);
    },
  });
  await d.fit(inputs, labels, { batchSize: SAMPLES });
  await d.evaluate(inputs, labels, { batchSize: SAMPLES });
  const both = ["labels", "studentFeatures", "studentLogits", "studentOutputs"];
  const teacher = ["teacherLogits", "teacherOutputs", "training"];
  expect(fields).toEqual([
    ["indices", ...both, ...teacher],
    [...both, ...teacher],
  ]);
});

test("validation data may be a pair, {xs, ys} or a dataset, in fit and fitDataset", {
  tags: "broad",
}, async () => {
  const losses: (number | tf.Tensor)[] = [];
  for (const validationData of [
    [inputs, labels] as const,
    { xs: inputs, ys: labels },
    dataset(16),
  ]) {
    const byFit = distiller().distiller;
    const options = { batchSize: 10, shuffle: false, validationData };
    losses.push((await byFit.fit(inputs, labels, options)).history.val_loss![0]!);
    const byDataset = distiller().distiller;
    const { history } = await byDataset.fitDataset(dataset(10), { validationData });
    losses.push(history.val_loss![0]!);
  }
  for (const value of losses) expect(value).toBeCloseTo(losses[0] as number, 5);
});

test("rejects endless data, unless the number of batches is given", async () => {
  const endless = { ...dataset(10), size: Number.POSITIVE_INFINITY };
  const { distiller: d } = distiller();
  const message =
    "must be finite, got an endless data set; omit repeat() or limit it by take(), or set";
  await expect(d.fitDataset(endless)).rejects.toThrow(
    `Distiller.fitDataset: dataset ${message} batchesPerEpoch`,
  );
  await expect(d.evaluateDataset(endless)).rejects.toThrow(`dataset ${message} batches`);
  const validationData = endless;
  await expect(d.fit(inputs, labels, { validationData })).rejects.toThrow(
    `Distiller.fit: validationData ${message} validationBatches`,
  );
  const { epoch } = await d.fitDataset(endless, { batchesPerEpoch: 2, epochs: 2 });
  expect(epoch).toEqual([0, 1]);
});

/** The first batches again and again, of unknown size as from a generator. */
function generated(batches: number, size: number | null = null): LabelledDataset {
  let taken = 0;
  return {
    size,
    iterator: async () => {
      taken = 0;
      return {
        next: async () => {
          if (taken === batches) return { done: true, value: undefined };
          const start = (taken++ * 10) % SAMPLES;
          const value = { xs: tf.slice(inputs, start, 10), ys: tf.slice(labels, start, 10) };
          return { done: false, value };
        },
      };
    },
  };
}

describe("a limited number of batches", () => {
  const ENDLESS = Number.POSITIVE_INFINITY;

  test("is that of evaluateDataset and of validation, from the start each time", {
    tags: "broad",
  }, async () => {
    const [first, expected] = await Promise.all(
      [20, SAMPLES].map((samples) => {
        const [x, y] = [inputs, labels].map((all) => tf.slice(all, 0, samples));
        return distiller().distiller.evaluate(x!, y!);
      }),
    );
    const { distiller: d } = distiller();
    for (const size of [null, ENDLESS]) {
      const endless = generated(ENDLESS, size);
      expect((await d.evaluateDataset(endless, { batches: 2 })).loss).toBeCloseTo(first!.loss!, 5);
      expect((await d.evaluateDataset(endless, { batches: 5 })).loss).toBeCloseTo(
        expected!.loss!,
        5,
      );
    }
    const options = { validationData: generated(ENDLESS), validationBatches: 2, epochs: 2 };
    for (const history of [
      (await distiller().distiller.fit(inputs, labels, options)).history,
      (await distiller().distiller.fitDataset(dataset(10), options)).history,
    ]) {
      expect(history.val_loss).toHaveLength(2);
    }
    const { distiller: still } = distiller();
    still.compile({ optimizer: tf.train.sgd(0) });
    const { history } = await still.fitDataset(dataset(10), options);
    for (const value of history.val_loss!) expect(value).toBeCloseTo(first!.loss!, 5);
  });

  test("is warned of if the data end before it", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await distiller().distiller.evaluateDataset(generated(3), { batches: 5 });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      "Distiller.evaluateDataset: the data set for evaluation ended after 3 of 5 batches. Add repeat() to it, or ask for fewer batches.",
    );
    warn.mockRestore();
  });

  test("is an integer, and that of a data set", async () => {
    const { distiller: d } = distiller();
    await expect(d.evaluateDataset(dataset(10), { batches: 0 })).rejects.toThrow(
      "Distiller.evaluateDataset: batches must be an integer >= 1, got 0",
    );
    await expect(d.fitDataset(dataset(10), { validationBatches: 1 })).rejects.toThrow(
      "Distiller.fitDataset: validationBatches needs validationData as a data set, got none",
    );
    const validationData = [inputs, labels] as const;
    await expect(d.fit(inputs, labels, { validationData, validationBatches: 1 })).rejects.toThrow(
      "Distiller.fit: validationBatches needs validationData as a data set, got tensors",
    );
  });
});

test("warns once of a data set of unknown size that may be endless", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const element = { xs: tf.zeros([1, 4]), ys: tf.zeros([1, 3]) };
  let taken = 0;
  const next = async () => {
    taken += 1;
    const value = { xs: tf.clone(element.xs), ys: tf.clone(element.ys) };
    return taken > 10_002 ? { done: true, value: undefined } : { done: false, value };
  };
  const source = batchSource("fn", student(), { iterator: async () => ({ next }) });
  for await (const _ of source.batches(START));
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.stringContaining("fn: a data set of unknown size has had 10000 batches"),
  );
  warn.mockRestore();
});

test("refuses other keys of elements, and disposes tensors that the model does not take", async () => {
  const elementsOf = (extra: object, inner: object): LabelledDataset => ({
    iterator: async () => {
      let isDone = false;
      const next = async () => {
        if (isDone) return { done: true, value: undefined };
        isDone = true;
        const model = d.student;
        const xs = { [model.inputNames[0]!]: tf.clone(inputs), ...inner };
        return { done: false, value: { xs, ys: tf.clone(labels), ...extra } };
      };
      return { next };
    },
  });
  const d = distiller();
  const before = tf.memory().numTensors;
  await expect(
    d.distiller.evaluateDataset(elementsOf({ mask: tf.ones([SAMPLES]) }, {})),
  ).rejects.toThrow("{xs, ys} or {xs, ys, indices} of tensors for");
  expect(tf.memory().numTensors).toBe(before);
  await d.distiller.evaluateDataset(elementsOf({}, { unused: tf.ones([SAMPLES]) }));
  expect(tf.memory().numTensors).toBe(before);
});

describe("a data set with batchesPerEpoch that ends early stops training with a warning", () => {
  test.each([
    [5, 1, [10, 10, 10, 10, 10]],
    [3, 2, [10, 10, 10, 10, 10]],
  ])("%d batches an epoch: %d epochs", async (batchesPerEpoch, epochs, sizes) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const seen: unknown[] = [];
    const { distiller: d } = distiller();
    const { history, epoch } = await d.fitDataset(dataset(10), {
      batchesPerEpoch,
      epochs: 4,
      callbacks: { onBatchEnd: async (_: number, logs?: tfl.Logs) => void seen.push(logs!.size) },
    });
    expect(seen).toEqual(sizes);
    expect(epoch).toEqual(Array.from({ length: epochs }, (_, i) => i));
    for (const values of Object.values(history)) expect(values).toHaveLength(epochs);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining("so training stops. It must have batchesPerEpoch * epochs batches."),
    );
    warn.mockRestore();
  });
});

test("rejects empty data sets, naming expected and actual", async () => {
  const empty = { iterator: async () => ({ next: async () => ({ value: null, done: true }) }) };
  const { distiller: d } = distiller();
  const message =
    "Distiller.fitDataset: dataset must have at least 1 batch in each epoch, got none";
  await expect(d.fitDataset(empty)).rejects.toThrow(message);
  await expect(d.fitDataset(empty, { batchesPerEpoch: 2 })).rejects.toThrow(message);
  const none = "the data must have at least 1 batch, got none";
  await expect(d.evaluateDataset(empty)).rejects.toThrow(none);
  await expect(d.fit(inputs, labels, { validationData: empty })).rejects.toThrow(none);
});

test("LearningRateScheduler sets the rate of each batch of a data set of known size", {
  tags: "broad",
}, async () => {
  const callbacks = new LearningRateScheduler((epoch) => 1 / (1 + epoch), { per: "batch" });
  const sized = { ...dataset(10), size: 5 };
  const { history } = await distiller().distiller.fitDataset(sized, { epochs: 2, callbacks });
  expect(history.lr).toEqual([1 / 1.8, 1 / 2.8]);
});

test("student.evaluate gives the cross-entropy from logits", async () => {
  const { student: s } = distiller();
  const value = s.evaluate(inputs, labels, { batchSize: SAMPLES }) as tf.Scalar;
  const [expected] = await crossEntropy(labels, s.predict(inputs) as tf.Tensor).data();
  expect((await value.data())[0]).toBeCloseTo(expected!, 5);
});

test("a callback can stop training within an epoch", async () => {
  const { distiller: d, student: s } = distiller();
  const batches: number[] = [];
  const callbacks = {
    onBatchEnd: async (batch: number) => {
      batches.push(batch);
      s.stopTraining = batch === 1;
    },
  };
  const { history, epoch } = await d.fit(inputs, labels, { epochs: 3, batchSize: 10, callbacks });
  expect(batches).toEqual([0, 1]);
  expect(epoch).toEqual([0]);
  expect(history.loss).toHaveLength(1);
});

test("weightedSum rejects invalid input, naming expected and actual", () => {
  expect(() => weightedSum({})).toThrow("weightedSum: losses must have at least 1, got none");
  expect(() => weightedSum({ a: [Number.NaN, tf.scalar(1)] })).toThrow(
    "weightedSum: the weight of a must be a finite number",
  );
  expect(() => weightedSum({ a: tf.scalar(1) } as never)).toThrow(
    "weightedSum: a must be a list of a weight and a loss, got a tf.Tensor float32 []",
  );
  expect(() => weightedSum({ a: [1, 2] } as never)).toThrow(
    "weightedSum: a must be a scalar, got 2",
  );
  expect(() => weightedSum({ a: [1, tf.ones([2])] })).toThrow(
    "weightedSum: a must be a scalar, got [2]",
  );
});

test.each(["softmax", "sigmoid"] as const)("a final %s causes a warning", (activation) => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const output = { units: CLASSES, activation, inputShape: [4] };
  const model = tfl.sequential({ layers: [tfl.layers.dense(output)] });
  new Distiller({ teacher: model, student: student(), loss });
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.stringContaining(
      `Distiller: the teacher ends in a ${activation}, but losses use teacherLogits as logits`,
    ),
  );
  warn.mockRestore();
});

/** A new student with a new CRD bank, as after a restart of the program. */
function training(crashAt = Number.POSITIVE_INFINITY) {
  const head = contrastProjection({ inputShape: [5], dim: 4 });
  for (const [i, weight] of head.weights.entries()) {
    weight.write(tf.randomNormal(weight.shape as [number], 0, 1, "float32", i + 1));
  }
  let bank = createContrastBank({ size: SAMPLES, dim: 4, seed: 1 });
  const one = tf.scalar(40);
  let steps = 0;
  const built = distiller({
    studentLayers: ["hidden"],
    loss: (batch) => {
      if (steps++ === crashAt) throw new Error("crash");
      const target = l2Normalize(
        tf.concat([batch.teacherLogits, tf.ones([batch.indices.size, 1])], 1),
      );
      const own = head.apply(batch.studentFeatures[0]!) as tf.Tensor2D;
      const kept = { ...bank, normalizer: { teacher: one, student: one } };
      const drawn = sampleContrastIndices(batch.indices, { negatives: 3, size: SAMPLES, seed: 1 });
      const crd = crdLoss(target, own, kept, drawn);
      bank = updateContrastBank(kept, target, own, batch.indices);
      tf.keep(bank.teacher);
      tf.keep(bank.student);
      return weightedSum({
        crd: [1, crd],
        ce: [1, crossEntropy(batch.labels, batch.studentLogits)],
      });
    },
  });
  const checkpoint = (store: CheckpointStore, everySteps?: number): DistillerCheckpoint => ({
    store,
    everySteps,
    models: { head },
    tensors: () => ({ ofTeacher: bank.teacher, ofStudent: bank.student }),
    onRestore: ({ ofTeacher, ofStudent }) => {
      bank = { teacher: ofTeacher as tf.Tensor2D, student: ofStudent as tf.Tensor2D };
    },
  });
  return { ...built, checkpoint };
}

test.each([
  ["each epoch", undefined],
  ["every 3 steps", 3],
])(
  "a checkpoint %s: a crashed run ends as an uninterrupted one",
  { tags: "broad" },
  async (_, everySteps) => {
    const options = { epochs: 3, batchSize: 10, seed: 5 };
    const whole = training();
    const { history } = await whole.distiller.fit(inputs, labels, {
      ...options,
      checkpoint: whole.checkpoint(memoryStore(), everySteps),
    });
    const store = memoryStore();
    for (const crashAt of [2, 8, 4]) {
      const { distiller: d, checkpoint } = training(crashAt);
      const crashed = d.fit(inputs, labels, {
        ...options,
        checkpoint: checkpoint(store, everySteps),
      });
      await expect(crashed).rejects.toThrow("crash");
    }
    const last = training();
    // Without the seed, which the checkpoint contains.
    const end = await last.distiller.fit(inputs, labels, {
      epochs: 3,
      batchSize: 10,
      checkpoint: last.checkpoint(store, everySteps),
    });
    expect(await weightsOf(last.student)).toEqual(await weightsOf(whole.student));
    expect(end.history).toEqual(history);
    expect(end.epoch).toEqual([0, 1, 2]);
    const other = distiller();
    const foreign = other.distiller.fit(inputs, labels, { checkpoint: { store } });
    await expect(foreign).rejects.toThrow(
      /restoreCheckpoint: models\/head\/\d\/\w+ must be as in the checkpoint, float32 .*, got none/,
    );
  },
);

/** A dataset that starts over at its end. */
const repeated = (batchSize: number) => ({
  async iterator() {
    let current = await dataset(batchSize, true).iterator();
    return {
      async next() {
        const element = await current.next();
        if (!element.done) return element;
        current = await dataset(batchSize, true).iterator();
        return current.next();
      },
    };
  },
});

test.each([
  ["from its start in each epoch", dataset(10, true), undefined],
  ["that continues from epoch to epoch", repeated(10), 3],
])(
  "a crashed run on a dataset %s skips the batches done",
  { tags: "broad" },
  async (_, data, batchesPerEpoch) => {
    const run = (
      { distiller: d, checkpoint }: ReturnType<typeof training>,
      store: CheckpointStore,
    ) => d.fitDataset(data, { epochs: 3, batchesPerEpoch, checkpoint: checkpoint(store, 2) });
    const [whole, last, store] = [training(), training(), memoryStore()];
    const { history } = await run(whole, memoryStore());
    await expect(run(training(7), store)).rejects.toThrow("crash");
    const end = await run(last, store);
    expect(await weightsOf(last.student)).toEqual(await weightsOf(whole.student));
    expect(end.history).toEqual(history);
  },
);

test("rejects other batches within a resumed epoch, naming expected and actual", {
  tags: "broad",
}, async () => {
  const stop = (store: CheckpointStore) => ({ checkpoint: { store, everySteps: 2 }, epochs: 2 });
  const crashing = () => {
    let steps = 0;
    return distiller({
      loss: (batch) => {
        if (steps++ === 2) throw new Error("crash");
        return loss(batch) as { total: tf.Scalar; terms: Record<string, tf.Scalar> };
      },
    }).distiller;
  };
  const [tensors, batches, endless] = [memoryStore(), memoryStore(), memoryStore()];
  const got = (samples: number) =>
    `the batches must be those of the checkpoint, 20 samples in the first part of the epoch, got ${samples}`;
  const fromTensors = (batchSize: number, d = distiller().distiller) =>
    d.fit(inputs, labels, { batchSize, ...stop(tensors) });
  await expect(fromTensors(10, crashing())).rejects.toThrow("crash");
  await expect(fromTensors(25)).rejects.toThrow(`Distiller.fit: ${got(50)}`);
  const fromDataset = (batchSize: number, d = distiller().distiller) =>
    d.fitDataset(dataset(batchSize), stop(batches));
  await expect(fromDataset(10, crashing())).rejects.toThrow("crash");
  await expect(fromDataset(5)).rejects.toThrow(`Distiller.fitDataset: ${got(10)}`);
  const continued = (batchSize: number, d = distiller().distiller) =>
    d.fitDataset(repeated(batchSize), { batchesPerEpoch: 4, ...stop(endless) });
  await expect(continued(10, crashing())).rejects.toThrow("crash");
  await expect(continued(5)).rejects.toThrow(`Distiller.fitDataset: ${got(10)}`);
});

test("a checkpoint every 2 epochs is written once in 3 epochs", async () => {
  const store = memoryStore();
  const write = vi.spyOn(store, "write");
  await distiller().distiller.fit(inputs, labels, {
    epochs: 3,
    checkpoint: { store, everyEpochs: 2 },
  });
  expect(write).toHaveBeenCalledOnce();
});
