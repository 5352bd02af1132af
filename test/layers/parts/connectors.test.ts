import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { factorTransferLoss, overhaulLoss } from "../../../src/index.ts";
import {
  attentionFusion,
  boundaryConnector,
  contrastProjection,
  factorParaphraser,
  factorTranslator,
  featureExtractor,
  hintRegressor,
  jointHeads,
  linearEmbedding,
  overhaulConnector,
  selfSupervisedHeads,
  vidRegressor,
} from "../../../src/layers/index.ts";
import { expectSaved, expectTraining, normal, useTrainingKernels } from "../support.ts";
import { valuesOf } from "../training.ts";

useTrainingKernels();

const shapes = { studentShape: [4, 5, 2], teacherShape: [4, 5, 3] };
const channels = { studentChannels: 2, teacherChannels: 3 };
let count = 0;
const builders: Record<string, (options: { seed?: number }) => tfl.LayersModel> = {
  attentionFusion: (o) =>
    attentionFusion({ studentShapes: [[4, 4, 2], [2, 2, 3]], teacherShapes: [[4, 4, 4], [2, 2, 5]], ...o }), // biome-ignore format: one line
  boundaryConnector: (o) => boundaryConnector({ ...shapes, ...o }),
  contrastProjection: (o) => contrastProjection({ inputShape: [6], dim: 4, ...o }),
  factorParaphraser: (o) => factorParaphraser({ teacherChannels: 4, ...o }),
  factorTranslator: (o) => factorTranslator({ ...channels, ...o }),
  hintRegressor: (o) => hintRegressor({ ...shapes, ...o }),
  "hintRegressor of two convolutions": (o) =>
    hintRegressor({ studentShape: [5, 2, 2], teacherShape: [3, 5, 3], ...o }),
  jointHeads: (o) => jointHeads({ featureShapes: [[4, 4, 2], [2, 2, 3], [5]], numClasses: 2, ...o }), // biome-ignore format: one line
  linearEmbedding: (o) => linearEmbedding({ inputShape: [2, 3], dim: 4, ...o }),
  overhaulConnector: (o) => overhaulConnector({ ...channels, ...o }),
  selfSupervisedHeads: (o) => {
    const kernelInitializer = tfl.initializers.ones();
    const layer = { inputShape: [4], units: 2, name: `logits-${count++}`, kernelInitializer };
    const model = tfl.sequential({ layers: [tfl.layers.dense(layer)] });
    return selfSupervisedHeads(model, [layer.name], o);
  },
  vidRegressor: (o) => vidRegressor({ ...channels, ...o }),
};

describe.each(Object.keys(builders))("%s", (name) => {
  const build = builders[name]!;

  test("has the same initial weights for the same seed, and others for another seed", async () => {
    const weights = (options: { seed?: number }) => valuesOf(build(options).getWeights());
    expect(await weights({ seed: 3 })).toEqual(await weights({ seed: 3 }));
    expect(await weights({ seed: 0 })).toEqual(await weights({ seed: 0 }));
    expect(await weights({ seed: 3 })).not.toEqual(await weights({ seed: 4 }));
    expect(await weights({})).not.toEqual(await weights({}));
  });

  test("rejects a seed that is not an integer", () => {
    const message = `${name.split(" ")[0]}: seed must be an integer >= 0, got -1`;
    expect(() => build({ seed: -1 })).toThrow(message);
  });
});

test("layers of one part, and parts of consecutive seeds, have different kernels", async () => {
  const kernels = await Promise.all(
    [1, 2].map((seed) =>
      valuesOf(vidRegressor({ studentChannels: 3, teacherChannels: 3, seed }).getWeights()),
    ),
  );
  const all = kernels.flatMap((weights) => weights.filter(({ length }) => length === 9));
  expect(new Set(all.map(String)).size).toBe(6);
});

describe("factor transfer", () => {
  const maps = normal([2, 4, 4, 6], 1);

  test("the paraphraser has RepDistiller's layers, saves, loads and learns to reconstruct", {
    tags: "broad",
  }, async () => {
    const paraphraser = factorParaphraser({ teacherChannels: 6, rate: 0.34, seed: 1 });
    const kernels = paraphraser.getWeights().filter(({ rank }) => rank === 4);
    // Transposed convolutions have kernels [height, width, outputs, inputs].
    const widths = kernels.map(({ shape }) => shape.slice(2).join());
    expect(widths).toEqual(["6,6", "6,2", "2,2", "2,2", "6,2", "6,6"]);
    const loaded = await expectSaved(paraphraser, maps);
    const [factors, reconstructed] = loaded.apply(maps) as tf.Tensor[];
    expect([factors!.shape, reconstructed!.shape]).toEqual([[2, 4, 4, 2], maps.shape]);
    const lowest = await tf.min(factors!).data();
    expect(lowest[0]).toBeLessThan(0); // leaky ReLU
    await expectTraining(() =>
      tf.losses.meanSquaredError(maps, (loaded.apply(maps) as tf.Tensor[])[1]!),
    );
  });

  test("the translator matches its factors, and trains", { tags: "broad" }, async () => {
    const paraphraser = factorParaphraser({ teacherChannels: 6, seed: 1 });
    const translator = factorTranslator({ studentChannels: 2, teacherChannels: 6, seed: 1 });
    const student = normal([2, 4, 4, 2], 2);
    const loaded = await expectSaved(translator, student);
    const [factors] = paraphraser.apply(maps) as tf.Tensor[];
    expect((loaded.apply(student) as tf.Tensor).shape).toEqual(factors!.shape);
    const norms = translator.layers.filter((x) => x.getClassName() === "BatchNormalization");
    expect(norms).toHaveLength(3);
    await expectTraining(() =>
      factorTransferLoss(factors!, loaded.apply(student, { training: true }) as tf.Tensor),
    );
  });
});

test("linearEmbedding is linear, flattens, saves and loads", async () => {
  const embed = linearEmbedding({ inputShape: [2, 3], dim: 4, seed: 1 });
  const x = normal([5, 2, 3], 1);
  const [kernel] = embed.getWeights() as [tf.Tensor2D];
  const expected = tf.matMul(tf.reshape(x, [5, 6]) as tf.Tensor2D, kernel);
  const loaded = await expectSaved(embed, x);
  const error = tf.max(tf.abs(tf.sub(loaded.apply(x) as tf.Tensor, expected)));
  expect((await error.data())[0]).toBeLessThan(1e-5);
});

test("jointHeads has the heads of selfSupervisedHeads, for features of any model", {
  tags: "broad",
}, async () => {
  const { conv2d, dense, globalAveragePooling2d } = tfl.layers;
  const model = tfl.sequential({
    layers: [
      conv2d({ name: "joint-low", filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }),
      conv2d({ name: "joint-high", filters: 3, kernelSize: 3 }),
      globalAveragePooling2d({}),
      dense({ units: 3 }),
    ],
  });
  const layers = ["joint-low", "joint-high"];
  const whole = selfSupervisedHeads(model, layers, { seed: 5 });
  const shapes = [
    [4, 4, 2],
    [2, 2, 3],
  ];
  const heads = jointHeads({ featureShapes: shapes, numClasses: 3, seed: 5 });
  const x = normal([4, 6, 6, 1], 1);
  const maps = featureExtractor(model, layers).predict(x) as tf.Tensor[];
  const [, ...expected] = whole.predict(x) as tf.Tensor[];
  const got = heads.predict(maps) as tf.Tensor[];
  expect(got.map(({ shape }) => shape)).toEqual([
    [4, 12],
    [4, 12],
  ]);
  for (const [i, logits] of got.entries()) {
    const error = tf.max(tf.abs(tf.sub(logits, expected[i]!)));
    expect((await error.data())[0]).toBeLessThan(1e-5);
  }
  await expectSaved(heads, maps);
});

test("boundaryConnector is hintRegressor without its ReLU", async () => {
  const connector = boundaryConnector({ ...shapes, seed: 1 });
  const regressor = hintRegressor({ ...shapes, seed: 1 });
  const maps = normal([2, ...shapes.studentShape], 1);
  const before = connector.apply(maps, { training: true }) as tf.Tensor;
  const after = regressor.apply(maps, { training: true }) as tf.Tensor;
  expect(before.shape).toEqual([2, ...shapes.teacherShape]);
  expect(Math.min(...(await before.data()))).toBeLessThan(0);
  expect([...(await tf.relu(before).data())]).toEqual([...(await after.data())]);
});

test("overhaulConnector has kernels of variance 2/C, saves, loads and trains", async () => {
  const wide = overhaulConnector({ studentChannels: 64, teacherChannels: 32, seed: 1 });
  const [kernel] = await valuesOf(wide.getWeights());
  const variance = kernel!.reduce((sum, x) => sum + x * x, 0) / kernel!.length;
  expect(variance).toBeGreaterThan(0.9 * (2 / 32));
  expect(variance).toBeLessThan(1.1 * (2 / 32));

  const connector = overhaulConnector({ ...channels, seed: 1 });
  const maps = normal([2, 4, 4, 2], 1);
  const loaded = await expectSaved(connector, maps);
  const teacher = normal([2, 4, 4, 3], 2);
  await expectTraining(() =>
    overhaulLoss(teacher, loaded.apply(maps, { training: true }) as tf.Tensor, tf.fill([3], -0.5)),
  );
});

test("rejects invalid shapes and channels, naming expected and actual", () => {
  expect(() => boundaryConnector({ studentShape: [4, 4], teacherShape: [4, 4, 2] })).toThrow(
    "boundaryConnector: studentShape must be [height,width,channels] of integers >= 1, got [4,4]",
  );
  expect(() => overhaulConnector({ studentChannels: 0, teacherChannels: 2 })).toThrow(
    "overhaulConnector: studentChannels must be an integer >= 1, got 0",
  );
  expect(() => factorParaphraser({ teacherChannels: 0 })).toThrow(
    "factorParaphraser: teacherChannels must be an integer >= 1, got 0",
  );
  expect(() => factorTranslator({ ...channels, rate: 1.5 })).toThrow(
    "factorTranslator: rate must be a finite number > 0 and <= 1, got 1.5",
  );
  expect(() => linearEmbedding({ inputShape: [] })).toThrow(
    "linearEmbedding: inputShape must be a list of integers >= 1, got []",
  );
  expect(() => jointHeads({ featureShapes: [], numClasses: 2 })).toThrow(
    "jointHeads: featureShapes must be a list of at least 1 shape, got",
  );
  expect(() => jointHeads({ featureShapes: [[4, 4]], numClasses: 2 })).toThrow(
    "jointHeads: featureShapes[0] must be [height,width,channels] of integers >= 1, got [4,4]",
  );
  expect(() => jointHeads({ featureShapes: [[4]], numClasses: 0 })).toThrow(
    "jointHeads: numClasses must be an integer >= 1, got 0",
  );
  expect(() => overhaulConnector({ ...channels, seeds: 1 } as never)).toThrow("got seeds");
});
