import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as kd from "../src/index.ts";
import { labelsOf } from "./support.ts";

const rows = tf.tensor2d([
  [1, 2, 0],
  [0, 1, 3],
]);
const maps = tf.ones([2, 3, 3, 2]);
const cams = tf.ones([2, 3, 3]);
const indices = tf.tensor1d([0, 1], "int32");
const drawn = tf.tensor2d(
  [
    [0, 1],
    [1, 2],
  ],
  [2, 2],
  "int32",
);
const bank = {
  teacher: tf.ones<tf.Rank.R2>([4, 3]),
  student: tf.ones<tf.Rank.R2>([4, 3]),
  normalizer: { teacher: tf.scalar(4), student: tf.scalar(4) },
};
const heads = { logits: tf.ones([4, 2]), heads: [tf.ones([4, 8])] };

/** Every function with options, the options as given, and those that are allowed. */
const cases: Record<string, [call: (options: never) => unknown, allowed: string]> = {
  activationBoundaryLoss: [(o) => kd.activationBoundaryLoss(rows, rows, o), "margin"],
  attentionTransferLoss: [(o) => kd.attentionTransferLoss(maps, maps, o), "p"],
  binaryKdLoss: [(o) => kd.binaryKdLoss(rows, rows, o), "temperature, reduction, weights"],
  CamClusterEstimator: [(o) => new kd.CamClusterEstimator(o), "numClasses"],
  camClusterScore: [(o) => kd.camClusterScore(labelsOf(2, 3), cams, o), "numClasses"],
  channelWiseLoss: [(o) => kd.channelWiseLoss(maps, maps, o), "temperature"],
  cmicLoss: [(o) => kd.cmicLoss(indices, rows, tf.eye(3), o), "lambda, beta"],
  classCentroids: [(o) => kd.classCentroids(indices, rows, o), "weights"],
  CmiEstimator: [(o) => new kd.CmiEstimator(o), "numClasses"],
  "CmiEstimator.update": [(o) => new kd.CmiEstimator().update(indices, rows, o), "weights"],
  conditionalMutualInformation: [
    (o) => kd.conditionalMutualInformation(indices, rows, o),
    "centroids, reduction, weights",
  ],
  ContrastMemory: [
    (o) => new kd.ContrastMemory(o),
    "kind, size, dim, negatives, shared, momentum, temperature, seed",
  ],
  "ContrastMemory.loss": [
    (o) => new kd.ContrastMemory({ size: 4, dim: 3, negatives: 1 }).loss(rows, rows, indices, o),
    "update",
  ],
  contrastNormalizer: [(o) => kd.contrastNormalizer(rows, rows, bank, drawn, o), "temperature"],
  crdLoss: [(o) => kd.crdLoss(rows, rows, bank, drawn, o), "temperature"],
  createContrastBank: [(o) => kd.createContrastBank(o), "size, dim, seed"],
  createContrastQueue: [(o) => kd.createContrastQueue(o), "size, dim, seed"],
  distLoss: [(o) => kd.distLoss(rows, rows, o), "beta, gamma, temperature, weights"],
  dkdLoss: [
    (o) => kd.dkdLoss(indices, rows, rows, o),
    "alpha, beta, temperature, reduction, weights",
  ],
  hsakdLoss: [(o) => kd.hsakdLoss(heads, heads, o), "temperature"],
  inBatchCrdLoss: [(o) => kd.inBatchCrdLoss(rows, rows, o), "temperature"],
  kdLoss: [(o) => kd.kdLoss(rows, rows, o), "temperature, reduction, weights"],
  mcmiLoss: [
    (o) => kd.mcmiLoss(indices, rows, tf.eye(3), o),
    "lambda, labelSmoothing, reduction, weights",
  ],
  normalizeCam: [(o) => kd.normalizeCam(cams, o), "to"],
  overlayCam: [(o) => kd.overlayCam(tf.ones([2, 6, 6, 1]), cams, o), "colormap, alpha"],
  rkdLoss: [(o) => kd.rkdLoss(rows, rows, o), "distanceWeight, angleWeight"],
  sampleContrastIndices: [
    (o) => kd.sampleContrastIndices(indices, o),
    "negatives, size, seed, shared",
  ],
  updateCentroids: [(o) => kd.updateCentroids(tf.eye(3), indices, rows, o), "decay, weights"],
  updateContrastBank: [(o) => kd.updateContrastBank(bank, rows, rows, indices, o), "momentum"],
  vidLoss: [(o) => kd.vidLoss(rows, rows, tf.ones([3]), o), "epsilon"],
};

describe.each(Object.keys(cases))("%s", (name) => {
  const [call, allowed] = cases[name]!;
  test.each([
    [{ temprature: 2 }, "temprature"],
    [10, "10"],
    ["fast", '"fast"'],
    [null, "null"],
    [[2], "an array"],
  ])("refuses %j as options", async (options, got) => {
    const message = `${name}: options must be an object with only ${allowed}, got ${got}`;
    await expect((async () => call(options as never))()).rejects.toThrow(message);
  });
});

test("temperatures are within the range of float32, squared and inverted", () => {
  for (const temperature of [1e-45, 1e-19, 1e19, 1e39]) {
    expect(() => kd.kdLoss(rows, rows, { temperature })).toThrow(
      `kdLoss: temperature must be within 1e-18 to 1e18, got ${temperature}`,
    );
  }
});

test.each([
  ["teacher", undefined, heads],
  ["student", heads, undefined],
])("hsakdLoss names a missing %s", (name, teacher, student) => {
  expect(() => kd.hsakdLoss(teacher as never, student as never)).toThrow(
    `hsakdLoss: ${name} must be {logits, heads}, got undefined`,
  );
});
