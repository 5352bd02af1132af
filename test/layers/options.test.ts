import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import * as api from "../../src/layers/index.ts";
import {
  attentionFusion,
  averageTeachers,
  CentroidCallback,
  CheckpointCallback,
  CmiMonitor,
  compiledMcmiLoss,
  contrastProjection,
  cosineSchedule,
  Distiller,
  distillationStep,
  factorParaphraser,
  factorTranslator,
  hintRegressor,
  jointHeads,
  LearningRateScheduler,
  linearEmbedding,
  selfSupervisedHeads,
  stepSchedule,
  vidRegressor,
} from "../../src/layers/index.ts";
import { network, samples, uniform } from "./training.ts";

const none = undefined as never;
const data = () => samples(6);
const models = () => ({ teacher: network(), student: network(), loss: () => tf.scalar(1) });

function compiled(): Distiller {
  const distiller = new Distiller(models());
  distiller.compile({ optimizer: "sgd" });
  return distiller;
}

/** Calls of every function of kd-cmi/layers that takes options. */
const functions: Record<string, (options: never) => unknown> = {
  averageTeachers: (options) => averageTeachers([() => data().xs], options),
  attentionFusion,
  CentroidCallback: (options) => new CentroidCallback(uniform(), options),
  CheckpointCallback: (options) => new CheckpointCallback(options),
  CmiMonitor: (options) => new CmiMonitor(data(), options),
  compiledMcmiLoss: (options) => compiledMcmiLoss(uniform(), options),
  contrastProjection,
  cosineSchedule,
  Distiller: (options) => new Distiller(options),
  distillationStep,
  "Distiller.fit": (options) => compiled().fit(data().xs, data().ys, options),
  "Distiller.fitDataset": (options) =>
    compiled().fitDataset({ iterator: async () => ({ next: async () => null as never }) }, options),
  "Distiller.evaluate": (options) => compiled().evaluate(data().xs, data().ys, options),
  factorParaphraser,
  factorTranslator,
  hintRegressor,
  jointHeads,
  LearningRateScheduler: (options) => new LearningRateScheduler(() => 1, options),
  linearEmbedding,
  selfSupervisedHeads: (options) => {
    const hidden = tfl.layers.dense({ units: 4, inputShape: [4], name: "options-hidden" });
    const model = tfl.sequential({ layers: [hidden, tfl.layers.dense({ units: 3 })] });
    return selfSupervisedHeads(model, ["options-hidden"], options);
  },
  stepSchedule,
  vidRegressor,
};

test.each(Object.entries(functions))(
  "%s rejects unknown options and other values, naming expected and actual",
  async (fn, call) => {
    for (const [options, got] of [
      [{ temprature: 2 }, "temprature"],
      [null, "null"],
      [10, "10"],
      ["mean", '"mean"'],
      [[], "an array"],
    ] as const) {
      const escaped = fn.replace(".", "\\.");
      await expect(async () => call(options as never)).rejects.toThrow(
        new RegExp(`^${escaped}: options must be an object with only .*, got ${got}$`),
      );
    }
  },
);

test("compiledMcmiLoss rejects missing and invalid options, naming expected and actual", () => {
  const build =
    (options: unknown, centroids: unknown = uniform()) =>
    () =>
      compiledMcmiLoss(centroids as tf.Tensor, options as { lambda: number });
  expect(build(undefined)).toThrow(
    "compiledMcmiLoss: options must be an object with only lambda, fromLogits, labelSmoothing, got undefined",
  );
  expect(build({})).toThrow("compiledMcmiLoss: lambda must be a finite number >= 0, got undefined");
  expect(build({ lambda: 1, labelSmoothing: 2 })).toThrow("labelSmoothing must be a finite number");
  expect(build({ lambda: 1 }, [1])).toThrow(
    "compiledMcmiLoss: centroids must be a tf.Tensor, got an array",
  );
});

test.each<[string, () => unknown]>([
  [
    "featureExtractor: model must be a tf.LayersModel, got undefined",
    () => api.featureExtractor(none, ["a"]),
  ],
  [
    'featureExtractor: layerNames must be a list of names of layers, got "a"',
    () => api.featureExtractor(network(), "a" as never),
  ],
  [
    "extractActivations: model must be a tf.LayersModel, got undefined",
    () => api.extractActivations(none, "a"),
  ],
  [
    "extractActivations: layerName must be the name of a layer, got undefined",
    () => api.extractActivations(network(), none),
  ],
  [
    "selfSupervisedHeads: model must be a tf.LayersModel, got undefined",
    () => api.selfSupervisedHeads(none, ["a"]),
  ],
  [
    "selfSupervisedHeads: layerNames must be a list of names of layers, got undefined",
    () => api.selfSupervisedHeads(network(), none),
  ],
  ["vidLogScale: regressor must be a tf.LayersModel, got undefined", () => api.vidLogScale(none)],
  [
    "weightedSum: losses must be an object of lists of a weight and a loss, got null",
    () => api.weightedSum(null as never),
  ],
  [
    "setLearningRate: optimizer must be a tf.Optimizer, got undefined",
    () => api.setLearningRate(none, 1),
  ],
  [
    "LearningRateScheduler: schedule must be a function, got undefined",
    () => new api.LearningRateScheduler(none),
  ],
  [
    "encodeCheckpoint: state must be an object with only models, optimizer, tensors, values, got undefined",
    () => api.encodeCheckpoint(none),
  ],
  [
    "encodeCheckpoint: models must be an object of models, got undefined",
    () => api.encodeCheckpoint({} as never),
  ],
  [
    "encodeCheckpoint: models.a must be a tf.LayersModel, got 1",
    () => api.encodeCheckpoint({ models: { a: 1 as never } }),
  ],
  [
    'encodeCheckpoint: optimizer must be a tf.Optimizer, got "adam"',
    () => api.encodeCheckpoint({ models: {}, optimizer: "adam" as never }),
  ],
  [
    "encodeCheckpoint: tensors.q must be a tf.Tensor, got an array",
    () => api.encodeCheckpoint({ models: {}, tensors: { q: [1] as never } }),
  ],
])("%s", async (message, call) => {
  await expect(async () => call()).rejects.toThrow(message);
});
