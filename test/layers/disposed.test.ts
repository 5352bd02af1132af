import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { kdLoss } from "../../src/index.ts";
import * as api from "../../src/layers/index.ts";
import { memoryStore } from "./checkpoint/support.ts";
import { network, uniform } from "./training.ts";

/** Tensors of a call, by the argument's name in messages. */
type Arguments = Record<string, () => tf.Tensor>;

const inputs = () => tf.ones([6, 4]);
const rows = () => tf.oneHot(tf.zeros([6], "int32"), 3);
const weights = () => tf.ones([6]);
const training: Arguments = {
  "the inputs of the training data": inputs,
  "the labels of the training data": rows,
  sampleWeight: weights,
  "the inputs of validationData": inputs,
  "the labels of validationData": rows,
};
const evaluated: Arguments = { "the inputs of the data": inputs, "the labels of the data": rows };
const stored: Arguments = {
  teacherLogits: () => tf.ones([6, 3]),
  "teacherFeatures[0]": () => tf.ones([6, 5]),
};
const data: Arguments = { "the inputs of data": inputs, "the labels of data": rows };

const kd: api.DistillationLoss = ({ teacherLogits, studentLogits }) =>
  kdLoss(teacherLogits, studentLogits);
const [teacher, student] = [network(), network()];
const optimizer = tf.train.sgd(0.1);
const distiller = new api.Distiller({ teacher, student, loss: kd });
distiller.compile({ optimizer: "sgd" });
const step = api.distillationStep({ teacher, student, optimizer, loss: kd });
const maps = tfl.layers.conv2d({ name: "maps", filters: 2, kernelSize: 1, inputShape: [2, 2, 1] });
const split = api.extractActivations(
  tfl.sequential({ layers: [maps, tfl.layers.flatten(), tfl.layers.dense({ units: 3 })] }),
  "maps",
);
const constants = tf.ones<tf.Rank.R2>([3, 3]);
const saved = await api.encodeCheckpoint({ models: {}, tensors: { bank: constants } });

/** Every function that takes tensors: its tensors, and the call. */
const cases: Record<string, [Arguments, (...tensors: never[]) => unknown]> = {
  CentroidCallback: [
    { centroids: uniform, ...data },
    (q: never, xs: never, ys: never) => new api.CentroidCallback(q, { data: { xs, ys } }),
  ],
  CmiMonitor: [
    {
      ...data,
      "the inputs of validationData": inputs,
      "the labels of validationData": rows,
    },
    (xs: never, ys: never, x: never, y: never) =>
      new api.CmiMonitor({ xs, ys }, { validationData: { xs: x, ys: y } }),
  ],
  compiledMcmiLoss: [
    { centroids: uniform },
    (q: never) => api.compiledMcmiLoss(q, { lambda: 0.2 }),
  ],
  distillationStep: [
    {
      inputs,
      labels: rows,
      indices: () => tf.zeros([6], "int32"),
      weights,
      ...stored,
    },
    (x: never, y: never, indices: never, w: never, teacherLogits: never, maps: never) =>
      step(x, y, { indices, weights: w, teacherLogits, teacherFeatures: [maps] }),
  ],
  "Distiller.evaluate": [
    { ...evaluated, ...stored },
    (xs: never, ys: never, teacherLogits: never, maps: never) =>
      distiller.evaluate(xs, ys, { teacherLogits, teacherFeatures: [maps] }),
  ],
  "Distiller.fit": [
    training,
    (xs: never, ys: never, sampleWeight: never, x: never, y: never) =>
      distiller.fit(xs, ys, { sampleWeight, validationData: [x, y] }),
  ],
  encodeCheckpoint: [
    { "tensors.bank": () => tf.ones([2]) },
    (bank: never) => api.encodeCheckpoint({ models: {}, tensors: { bank } }),
  ],
  restoreCheckpoint: [
    { "tensors.bank": () => tf.ones([3, 3]) },
    (bank: never) => api.restoreCheckpoint(saved, { models: {}, tensors: { bank } }),
  ],
  extractActivations: [
    { inputs: () => tf.ones([1, 2, 2, 1]), activations: () => tf.ones([1, 2, 2, 2]) },
    (x: never, activations: never) =>
      tf.tidy(() => [split.toActivations(x), split.toLogits(activations)]),
  ],
  writeTeacherOutputs: [
    stored,
    (teacherLogits: never, maps: never) =>
      api.writeTeacherOutputs(memoryStore(), { teacherLogits, teacherFeatures: [maps] }),
  ],
  weightedSum: [{ kd: () => tf.scalar(1) }, (x: never) => api.weightedSum({ kd: [1, x] })],
};

describe.each(Object.keys(cases))("%s", (name) => {
  const [args, call] = cases[name]!;
  test.each(Object.keys(args))(
    "names a disposed %s and leaves no tensor behind",
    async (argument) => {
      const tensors = Object.values(args).map((make) => make());
      tensors[Object.keys(args).indexOf(argument)]!.dispose();
      const before = tf.memory().numTensors;
      const message = `${name}: ${argument} must not be disposed`;
      await expect((async () => call(...(tensors as never[])))()).rejects.toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

const WITHOUT_TENSORS = [
  ...["CheckpointCallback", "LearningRateScheduler", "cosineSchedule", "setLearningRate"],
  ...["stepSchedule", "featureExtractor", "fileCheckpoint", "fileModel", "indexedDbCheckpoint"],
  ...["attentionFusion", "boundaryConnector", "contrastProjection", "hintRegressor"],
  ...["overhaulConnector", "selfSupervisedHeads", "vidRegressor"],
  ...["averageTeachers", "readTeacherOutputs", "factorParaphraser", "factorTranslator"],
  ...["jointHeads", "linearEmbedding"],
];
/** Takes a model, whose tensors tfjs names. */
const OF_A_MODEL = ["vidLogScale"];

test("every exported function that takes tensors is tried", () => {
  const names = Object.keys(cases).map((name) => name.split(".")[0]!);
  const all = [...new Set([...names, ...WITHOUT_TENSORS, ...OF_A_MODEL])];
  expect(all.sort()).toEqual(Object.keys(api).sort());
});
