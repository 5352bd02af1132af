import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as kd from "../src/index.ts";
import { labelsOf } from "./support.ts";

/** Normal entries of which one is NaN. */
const withNaN = (shape: number[]) => {
  const values = tf.randomNormal(shape, 0, 1, "float32", 1).dataSync();
  values[1] = Number.NaN;
  return tf.tensor(values, shape);
};
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

const rows = [4, 3];
const maps = [2, 3, 3, 2];
const labels = () => labelsOf(4, 3);
const indices = () =>
  tf.tensor2d(
    Array.from({ length: 4 }, (_, i) => [i, 4, 5]),
    [4, 3],
    "int32",
  );
const bank = (x = normal([6, 3], 7), z: tf.Tensor = tf.scalar(6)) => ({
  teacher: x as tf.Tensor2D,
  student: normal([6, 3], 8) as tf.Tensor2D,
  normalizer: { teacher: z as tf.Scalar, student: tf.scalar(5) },
});
const heads = (logits: tf.Tensor) => ({ logits, heads: [normal([4, 12], 9)] });

/** Functions of two tensors, and the shapes of both. */
const cases: Record<string, [(a: tf.Tensor, b: tf.Tensor) => tf.Tensor, number[], number[]]> = {
  kdLoss: [kd.kdLoss, rows, rows],
  binaryKdLoss: [kd.binaryKdLoss, rows, rows],
  dkdLoss: [(t, s) => kd.dkdLoss(labels(), t, s), rows, rows],
  distLoss: [kd.distLoss, rows, rows],
  standardizeLogits: [
    (t, s) => tf.mul(kd.standardizeLogits(t), kd.standardizeLogits(s)),
    rows,
    rows,
  ],
  mcmiLoss: [(z, q) => kd.mcmiLoss(labels(), z, q, { lambda: 0.2 }), rows, [3, 3]],
  cmicLoss: [(z, q) => kd.cmicLoss(labels(), z, q, { lambda: 0.2, beta: 0.1 }), rows, [3, 3]],
  conditionalMutualInformation: [
    (z, centroids) => kd.conditionalMutualInformation(labels(), z, { centroids }),
    rows,
    [3, 3],
  ],
  updateCentroids: [(q, z) => kd.updateCentroids(q, labels(), z), [3, 3], rows],
  activationBoundaryLoss: [kd.activationBoundaryLoss, maps, maps],
  attentionTransferLoss: [kd.attentionTransferLoss, maps, maps],
  channelWiseLoss: [kd.channelWiseLoss, maps, maps],
  overhaulLoss: [(t, s) => kd.overhaulLoss(t, s, tf.fill([2], -0.5)), maps, maps],
  "overhaulLoss of the margin": [(t, m) => kd.overhaulLoss(t, normal(maps, 4), m), maps, [2]],
  overhaulMargin: [kd.overhaulMargin, [3], [3]],
  factorTransferLoss: [kd.factorTransferLoss, maps, maps],
  fspLoss: [(t, s) => kd.fspLoss([t, t], [s, s]), maps, maps],
  hierarchicalContextLoss: [kd.hierarchicalContextLoss, maps, maps],
  hintLoss: [kd.hintLoss, rows, rows],
  nstLoss: [kd.nstLoss, maps, maps],
  vidLoss: [(t, s) => kd.vidLoss(t, s, tf.ones([3])), rows, rows],
  "vidLoss of the scale": [(s, scale) => kd.vidLoss(normal(rows, 4), s, scale), rows, [3]],
  correlationLoss: [kd.correlationLoss, rows, rows],
  pktLoss: [kd.pktLoss, rows, rows],
  rkdLoss: [kd.rkdLoss, rows, rows],
  similarityLoss: [kd.similarityLoss, rows, rows],
  crdLoss: [(t, s) => kd.crdLoss(t, s, bank(), indices()), rows, rows],
  "crdLoss of the bank": [
    (x, s) => kd.crdLoss(normal(rows, 4), s, bank(x), indices()),
    [6, 3],
    rows,
  ],
  inBatchCrdLoss: [kd.inBatchCrdLoss, rows, rows],
  l2Normalize: [(t, s) => tf.mul(kd.l2Normalize(t), kd.l2Normalize(s)), rows, rows],
  hsakdLoss: [(t, s) => kd.hsakdLoss(heads(t), heads(s)), rows, rows],
};

describe.each(Object.keys(cases))("%s", (name) => {
  const [f, ...shapes] = cases[name]!;
  test.each([0, 1])("gives NaN if argument %i holds one", async (place) => {
    const [a, b] = shapes.map((shape, i) => (i === place ? withNaN(shape) : normal(shape, i + 2)));
    const values = [...(await f(a!, b!).data())];
    expect(values.some(Number.isNaN)).toBe(true);
  });
});

test("crdLoss gives NaN if the normalizer is NaN", async () => {
  const z = tf.scalar(Number.NaN);
  const loss = kd.crdLoss(normal(rows, 1), normal(rows, 2), bank(undefined, z), indices());
  expect((await loss.data())[0]).toBeNaN();
});
