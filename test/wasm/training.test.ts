import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { random } from "./support.ts";

beforeAll(registerTrainingKernels);

type Layers = (l: typeof tfl.layers) => tfl.layers.Layer[];

const CLASSES = 3;
const BATCH = 8;

interface Training {
  layers: Layers;
  input?: number[];
  optimizer?: () => tf.Optimizer;
  loss?: string;
  /** The number of token ids, for inputs of ids instead of real numbers. */
  vocabulary?: number;
}

/** Losses and accuracies of five steps from the same weights on every backend. */
async function train(backend: string, training: Training): Promise<number[]> {
  const { layers, input = [8, 8, 2], vocabulary } = training;
  const { optimizer = () => tf.train.momentum(0.05, 0.9), loss = "categoricalCrossentropy" } =
    training;
  await tf.setBackend(backend);
  const end = tfl.layers.dense({ units: CLASSES, activation: "softmax" });
  const first = tfl.layers.inputLayer({ inputShape: input });
  const model = tfl.sequential({ layers: [first, ...layers(tfl.layers), end] });
  model.setWeights(
    model.getWeights().map((w, i) => (w.rank < 2 ? w : tf.mul(random(w.shape, i + 1), 0.3))),
  );
  model.compile({ optimizer: optimizer(), loss, metrics: ["accuracy"] });

  const real = random([BATCH, ...input], 99);
  const x = vocabulary
    ? tf.floor(tf.clipByValue(tf.abs(tf.mul(real, 3)), 0, vocabulary - 1))
    : real;
  const labels = Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  const indices = tf.tensor1d(labels, "int32");
  const y = loss.startsWith("sparse")
    ? tf.tensor2d(labels, [BATCH, 1])
    : tf.cast(tf.oneHot(indices, CLASSES), "float32");

  const history: number[] = [];
  for (let step = 0; step < 5; step++) {
    history.push(...((await model.trainOnBatch(x, y)) as number[]));
  }
  model.dispose();
  return history;
}

async function expectSameTraining(training: Training) {
  const wasm = await train("wasm", training);
  const cpu = await train("cpu", training);
  expect(wasm.every(Number.isFinite)).toBe(true);
  expect(wasm[0]).not.toBe(wasm[wasm.length - 2]); // the loss changed
  // Optimizer steps amplify rounding differences.
  for (const [i, value] of wasm.entries()) expect(Math.abs(value - cpu[i]!)).toBeLessThan(5e-3);
}

const networks: Record<string, Layers> = {
  "conv2d, flatten": (l) => [
    l.conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
    l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }),
    l.flatten(),
  ],
  "separable convolution, average pooling": (l) => [
    l.separableConv2d({ filters: 4, kernelSize: 3, padding: "same", depthMultiplier: 2 }),
    l.averagePooling2d({ poolSize: 2 }),
    l.flatten(),
  ],
  "depthwise convolution, max pooling": (l) => [
    l.depthwiseConv2d({ kernelSize: 3, padding: "same" }),
    l.depthwiseConv2d({ kernelSize: 3, strides: 2 }),
    l.maxPooling2d({ poolSize: 2 }),
    l.flatten(),
  ],
  "transposed convolution, global max pooling": (l) => [
    l.conv2d({ filters: 4, kernelSize: 3, strides: 2 }),
    l.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: "same" }),
    l.globalMaxPooling2d({}),
  ],
  "batch normalisation, dropout, global average pooling": (l) => [
    l.conv2d({ filters: 4, kernelSize: 3, useBias: false }),
    l.batchNormalization(),
    l.activation({ activation: "relu" }),
    l.dropout({ rate: 0.3, seed: 7 }),
    l.globalAveragePooling2d({}),
  ],
  "layer normalisation, upsampling, zero padding, PReLU": (l) => [
    l.upSampling2d({ size: [2, 2] }),
    l.zeroPadding2d({ padding: 1 }),
    l.conv2d({ filters: 3, kernelSize: 3, strides: 2 }),
    l.prelu(),
    l.flatten(),
    l.layerNormalization(),
  ],
};

describe("networks train on wasm as on cpu", () => {
  test.each(Object.entries(networks))("%s", async (_, layers) => {
    await expectSameTraining({ layers });
  });

  test("conv1d, pooling, separable", async () => {
    await expectSameTraining({
      input: [12, 3],
      layers: (l) => [
        l.conv1d({ filters: 4, kernelSize: 3, activation: "relu" }),
        l.maxPooling1d({ poolSize: 2 }),
        l.conv1d({ filters: 4, kernelSize: 2, strides: 2, padding: "same" }),
        l.averagePooling1d({ poolSize: 2 }),
        l.globalAveragePooling1d(),
      ],
    });
  });

  test("embedding, dense on sequences", async () => {
    await expectSameTraining({
      input: [6],
      vocabulary: 10,
      layers: (l) => [
        l.embedding({ inputDim: 10, outputDim: 4 }),
        l.dense({ units: 5, activation: "tanh" }),
        l.globalAveragePooling1d(),
      ],
    });
  });

  test("recurrent layers", async () => {
    // The default initializer, orthogonal, needs chained ops.
    const options = { units: 4, recurrentInitializer: "glorotNormal" as const };
    await expectSameTraining({ input: [5, 3], layers: (l) => [l.lstm(options)] });
    await expectSameTraining({ input: [5, 3], layers: (l) => [l.gru(options)] });
  });

  test.each([
    "relu",
    "relu6",
    "elu",
    "selu",
    "sigmoid",
    "hardSigmoid",
    "tanh",
    "softmax",
    "softplus",
    "swish",
    "mish",
    "gelu",
    "gelu_new",
  ] as const)("activation %s", async (activation) => {
    const layers: Layers = (l) => [
      l.dense({ units: 6, activation: activation as "relu" }),
      l.dense({ units: 5 }),
      l.leakyReLU(),
    ];
    await expectSameTraining({ input: [4], layers });
  });

  test.each([
    ["sgd", () => tf.train.sgd(0.1)],
    ["nesterov momentum", () => tf.train.momentum(0.05, 0.9, true)],
    ["adam", () => tf.train.adam(0.01)],
    ["adamax", () => tf.train.adamax(0.01)],
    ["adagrad", () => tf.train.adagrad(0.05)],
    ["rmsprop", () => tf.train.rmsprop(0.01)],
  ])("optimizer %s", async (_, optimizer) => {
    const layers: Layers = (l) => [l.dense({ units: 6, activation: "relu" })];
    await expectSameTraining({ input: [4], layers, optimizer });
  });

  test.each(["sparseCategoricalCrossentropy", "binaryCrossentropy", "meanSquaredError"])(
    "loss %s",
    async (loss) => {
      const layers: Layers = (l) => [l.dense({ units: 6, activation: "relu" })];
      await expectSameTraining({ input: [4], layers, loss });
    },
  );

  test("tf.losses.softmaxCrossEntropy in a custom training loop", async () => {
    const losses = async (backend: string) => {
      await tf.setBackend(backend);
      const optimizer = tf.train.sgd(0.1);
      const weights = tf.variable(random([4, CLASSES], 1));
      const x = random([BATCH, 4], 2) as tf.Tensor2D;
      const y = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), CLASSES);
      const loss = () => tf.losses.softmaxCrossEntropy(y, tf.matMul(x, weights)) as tf.Scalar;
      return Array.from({ length: 4 }, () => optimizer.minimize(loss, true)!.dataSync()[0]!);
    };
    const wasm = await losses("wasm");
    const cpu = await losses("cpu");
    expect(wasm[3]).toBeLessThan(wasm[0]!);
    for (const [i, value] of wasm.entries()) expect(Math.abs(value - cpu[i]!)).toBeLessThan(1e-4);
  });

  test("a training step leaks no memory", async () => {
    await tf.setBackend("wasm");
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ inputShape: [12, 12, 2], filters: 4, kernelSize: 3 }),
        tfl.layers.separableConv2d({ filters: 4, kernelSize: 3, strides: 2 }),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: CLASSES, activation: "softmax" }),
      ],
    });
    model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
    const x = random([BATCH, 12, 12, 2], 1);
    const y = tf.ones([BATCH, CLASSES]);
    await model.trainOnBatch(x, y); // creates the optimizer's variables
    const count = () => [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    const before = count();
    for (let step = 0; step < 3; step++) await model.trainOnBatch(x, y);
    expect(count()).toEqual(before);
  });
});
