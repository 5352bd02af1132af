import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import * as tfl from "@tensorflow/tfjs-layers";
import { featureExtractor } from "kd-cmi/layers";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type ModelName, models } from "../../../experiments/models/index.ts";
import { layerSeed } from "../../../experiments/models/initial.ts";

beforeAll(async () => {
  registerTrainingKernels();
  await tf.setBackend("wasm");
});

const CIFAR = { inputShape: [32, 32, 3], numClasses: 100, seed: 1 } as const;
const MNIST = { inputShape: [28, 28, 1], numClasses: 10, seed: 1 } as const;

/** One small network of each family. */
const FAMILIES: ModelName[] = [
  "resnet20",
  "wrn-16-2",
  "MobileNetV2",
  "ShuffleNetV1",
  "ShuffleNetV2",
  "cnn-light",
  "cnn-tiny",
  "mlp-64",
];

/**
 * With 100 classes: `sum(p.numel() for p in model_dict[name](num_classes=100).parameters())` of
 * RepDistiller at commit b84f547, in PyTorch 1.13.
 */
const PUBLISHED = {
  resnet8x4: 1_233_540,
  resnet20: 278_324,
  resnet32: 472_756,
  resnet56: 861_620,
  resnet110: 1_736_564,
  resnet32x4: 7_433_860,
  "wrn-16-2": 703_284,
  "wrn-40-1": 569_780,
  "wrn-40-2": 2_255_156,
  vgg8: 3_965_028,
  vgg13: 9_462_180,
  MobileNetV2: 812_836,
  ShuffleNetV1: 949_258,
  ShuffleNetV2: 1_355_528,
};

const trainableOf = ({ trainableWeights }: tfl.LayersModel): number =>
  trainableWeights.reduce((n, x) => n + tf.util.sizeFromShape(x.shape as number[]), 0);

test("the numbers of parameters equal those of the reference", () => {
  const normal = Object.getPrototypeOf(tfl.initializers.randomNormal({}));
  const draw = vi.spyOn(normal, "apply"); // drawing 30 million numbers is slow
  draw.mockImplementation((shape) => tf.zeros(shape as number[]));
  const counts = Object.keys(PUBLISHED).map((name) => {
    const model = models[name as ModelName](CIFAR);
    const count = trainableOf(model);
    model.dispose();
    return [name, count];
  });
  draw.mockRestore();
  expect(Object.fromEntries(counts)).toEqual(PUBLISHED);
});

test.each([
  ["plain128", [32, 32, 3], 247_000],
  ["plain64", [32, 32, 3], 25_000],
  ["cnn-small", [28, 28, 1], 106_000],
  ["cnn-light", [28, 28, 1], 30_000],
  ["cnn-tiny", [28, 28, 1], 6_800],
  ["mlp-256-128", [28, 28, 1], 235_000],
  ["mlp-64", [28, 28, 1], 51_000],
  ["cnn-cam", [28, 28, 1], 55_000],
] as const)("%s for ten classes of %j images has %i parameters", (name, inputShape, documented) => {
  const model = models[name]({ inputShape, numClasses: 10, seed: 1 });
  expect(Math.abs(trainableOf(model) / documented - 1)).toBeLessThan(0.02);
  model.dispose();
});

test.each(FAMILIES)("%s maps grey images of 28×28 to features and logits", async (name) => {
  const build = models[name];
  const model = build(MNIST);
  const layers = [...build.maps, build.embedding, "logits"];
  const outputs = featureExtractor(model, layers).predict(tf.zeros([2, 28, 28, 1])) as tf.Tensor[];
  expect(outputs.map(({ rank }) => rank)).toEqual([...build.maps.map(() => 4), 2, 2]);
  expect(outputs.at(-1)!.shape).toEqual([2, 10]);
  tf.dispose(outputs);
  model.dispose();
});

describe("initial weights", () => {
  const weightsOf = async (name: ModelName, seed: number) => {
    const model = models[name]({ ...MNIST, seed });
    const values = await Promise.all(model.getWeights().map((x) => x.data()));
    model.dispose();
    return Buffer.concat(values.map(({ buffer }) => Buffer.from(buffer)));
  };

  test.each(["resnet20", "ShuffleNetV2", "cnn-tiny", "mlp-64"] as const)(
    "of %s follow from the seed",
    async (name) => {
      const first = await weightsOf(name, 0);
      expect(first.equals(await weightsOf(name, 0))).toBe(true);
      expect(first.equals(await weightsOf(name, 1))).toBe(false);
    },
  );

  test("differ from layer to layer", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `stage1_block${i}`);
    const seeds = [0, 1].flatMap((seed) => names.map((name) => layerSeed(seed, name)));
    expect(new Set(seeds).size).toBe(2000);
    expect(Math.min(...seeds)).toBeGreaterThan(0);
  });

  test.each([
    ["resnet20", "stage3_block2_conv1", Math.sqrt(2 / (9 * 64))],
    ["wrn-16-2", "stage2_block1_shortcut", Math.sqrt(2 / 64)],
    ["MobileNetV2", "stage7_block1_conv2", Math.sqrt(2 / (9 * 480))],
    ["MobileNetV2", "logits", 0.01],
    ["resnet20", "logits", 1 / Math.sqrt(3 * 64)],
    ["ShuffleNetV1", "stage3_block2_conv1_1", 1 / Math.sqrt(3 * 320)],
    ["ShuffleNetV2", "stage3_block2_right2", 1 / Math.sqrt(3 * 9)],
  ] as const)("of %s, %s, have the reference's deviation", async (name, layer, deviation) => {
    const model = models[name](MNIST);
    const found = tf.tidy(() =>
      tf.sqrt(tf.moments(model.getLayer(layer).getWeights()[0]!).variance),
    );
    expect((await found.data())[0]! / deviation).toBeCloseTo(1, 1);
    found.dispose();
    model.dispose();
  });
});

test.each(["ShuffleNetV1", "ShuffleNetV2"] as const)(
  "%s is restored from its JSON",
  async (name) => {
    const model = models[name](MNIST);
    const restored = await tfl.models.modelFromJSON(JSON.parse(model.toJSON() as string));
    restored.setWeights(model.getWeights());
    const images = tf.randomNormal([1, 28, 28, 1], 0, 1, "float32", 1);
    const [expected, found] = [model, restored].map((x) => x.predict(images) as tf.Tensor);
    expect(await found!.data()).toEqual(await expected!.data());
    tf.dispose([images, expected!, found!]);
    model.dispose();
    restored.dispose();
  },
);

test.each(["resnet20", "MobileNetV2", "ShuffleNetV1", "ShuffleNetV2"] as const)(
  "%s trains on wasm",
  async (name) => {
    const model = models[name](MNIST);
    model.compile({ optimizer: tf.train.adam(1e-3), loss: tf.losses.softmaxCrossEntropy });
    const images = tf.randomNormal([2, 28, 28, 1], 0, 1, "float32", 1);
    const labels = tf.oneHot(tf.tensor1d([0, 1], "int32"), 10);
    const first = await model.trainOnBatch(images, labels);
    expect(await model.trainOnBatch(images, labels)).toBeLessThan(first as number);
    tf.dispose([images, labels]);
    model.dispose();
  },
);
