import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as kd from "../src/index.ts";
import { labelsOf } from "./support.ts";

/** Tensors of a call, by the argument's name in messages. */
type Arguments = Record<string, () => tf.Tensor>;

const rows = () => tf.ones([4, 3]);
const maps = () => tf.ones([4, 4, 4, 2]);
const cams = () => tf.ones([4, 4, 4]);
const square = () => tf.fill([3, 3], 1 / 3);
const weights = () => tf.ones([4]);
const labels = () => labelsOf(4, 3);
const joint = () => tf.ones([4, 12]);
const scalar = () => tf.scalar(5);
const indices = () =>
  tf.tensor2d(
    Array.from({ length: 4 }, (_, i) => [i, 4, 5]),
    [4, 3],
    "int32",
  );
const stored = () => tf.ones([6, 3]);

const pair = (argument: string, make: () => tf.Tensor): Arguments => ({
  [`teacher${argument}`]: make,
  [`student${argument}`]: make,
});
const bank = (teacher: tf.Tensor, student: tf.Tensor, rest: tf.Tensor[] = []) => {
  const [a, b, logTeacher, logStudent] = rest as tf.Scalar[];
  return {
    teacher: teacher as tf.Tensor2D,
    student: student as tf.Tensor2D,
    ...(a && b && { normalizer: { teacher: a, student: b, logTeacher, logStudent } }),
  } as kd.ContrastBank;
};
const embeddings = pair("Embedding", rows);
const banks: Arguments = { "bank.teacher": stored, "bank.student": stored };
const normalizers: Arguments = {
  "bank.normalizer.teacher": scalar,
  "bank.normalizer.student": scalar,
  "bank.normalizer.logTeacher": scalar,
  "bank.normalizer.logStudent": scalar,
};

/** Every function that takes tensors: its tensors, and the call. */
const cases: Record<string, [Arguments, (...tensors: never[]) => unknown]> = {
  activationBoundaryLoss: [pair("Features", maps), kd.activationBoundaryLoss],
  attentionTransferLoss: [pair("Maps", maps), kd.attentionTransferLoss],
  binaryKdLoss: [
    { ...pair("Logits", rows), weights },
    (t, s, w) => kd.binaryKdLoss(t, s, { weights: w }),
  ],
  camClusterScore: [{ labels, cams }, (y, x) => kd.camClusterScore(y, x, { numClasses: 3 })],
  channelWiseLoss: [pair("Maps", maps), kd.channelWiseLoss],
  checkContrastIndices: [{ contrastIndices: indices }, (x) => kd.checkContrastIndices(x, 6)],
  checkLabels: [{ labels }, (y) => kd.checkLabels(y, 3)],
  classActivationMap: [
    { activations: maps, classWeights: () => tf.ones([2, 3]), labels },
    kd.classActivationMap,
  ],
  classCentroids: [
    { labels, logits: rows, weights },
    (y, z, w) => kd.classCentroids(y, z, { weights: w }),
  ],
  clusterEigenCam: [{ activations: maps }, kd.clusterEigenCam],
  cmicLoss: [
    { labels, logits: rows, centroids: square },
    (y, z, q) => kd.cmicLoss(y, z, q, { lambda: 1, beta: 1 }),
  ],
  conditionalMutualInformation: [
    { labels, logits: rows, centroids: square, weights },
    (y, z, centroids, w) => kd.conditionalMutualInformation(y, z, { centroids, weights: w }),
  ],
  contrastNormalizer: [
    { ...embeddings, ...banks, contrastIndices: indices },
    (t: never, s: never, a: never, b: never, drawn: never) =>
      kd.contrastNormalizer(t, s, bank(a, b), drawn),
  ],
  correlationLoss: [pair("Features", rows), kd.correlationLoss],
  crdLoss: [
    { ...embeddings, ...banks, ...normalizers, contrastIndices: indices },
    (t: never, s: never, a: never, b: never, ...rest: never[]) =>
      kd.crdLoss(t, s, bank(a, b, rest.slice(0, 4)), rest[4]!),
  ],
  distLoss: [{ ...pair("Logits", rows), weights }, (t, s, w) => kd.distLoss(t, s, { weights: w })],
  dkdLoss: [
    { labels, ...pair("Logits", rows), weights },
    (y, t, s, w) => kd.dkdLoss(y, t, s, { weights: w }),
  ],
  eigenCam: [{ activations: maps }, kd.eigenCam],
  factorTransferLoss: [pair("Factors", maps), kd.factorTransferLoss],
  fspLoss: [
    {
      "teacherMaps[0]": maps,
      "studentMaps[0]": maps,
      "teacherMaps[1]": maps,
      "studentMaps[1]": maps,
    },
    (a, b, c, d) => kd.fspLoss([a, c], [b, d]),
  ],
  gradCam: [
    { activations: maps, labels },
    (x, y) => kd.gradCam(x, (a) => tf.slice(tf.reshape(a, [4, -1]), 0, [4, 3]), y),
  ],
  hierarchicalContextLoss: [pair("Maps", maps), kd.hierarchicalContextLoss],
  hintLoss: [pair("Features", rows), kd.hintLoss],
  hsakdLoss: [
    {
      "teacher.logits": rows,
      "teacher.heads[0]": joint,
      "student.logits": rows,
      "student.heads[0]": joint,
    },
    (a, b, c, d) => kd.hsakdLoss({ logits: a, heads: [b] }, { logits: c, heads: [d] }),
  ],
  inBatchCrdLoss: [embeddings, kd.inBatchCrdLoss],
  jointLabels: [{ labels }, kd.jointLabels],
  kdLoss: [{ ...pair("Logits", rows), weights }, (t, s, w) => kd.kdLoss(t, s, { weights: w })],
  l2Normalize: [{ x: rows }, kd.l2Normalize],
  mcmiLoss: [
    { labels, logits: rows, centroids: square, weights },
    (y, z, q, w) => kd.mcmiLoss(y, z, q, { lambda: 0.2, weights: w }),
  ],
  normalizeCam: [{ cams }, kd.normalizeCam],
  nstLoss: [pair("Maps", maps), kd.nstLoss],
  overhaulLoss: [{ ...pair("Maps", maps), margin: () => tf.fill([2], -1) }, kd.overhaulLoss],
  overhaulMargin: [{ scale: () => tf.ones([2]), offset: () => tf.ones([2]) }, kd.overhaulMargin],
  overlayCam: [{ images: () => tf.ones([4, 8, 8, 3]), cams }, kd.overlayCam],
  pktLoss: [pair("Features", rows), kd.pktLoss],
  rkdLoss: [pair("Features", rows), kd.rkdLoss],
  rotateBatch: [{ images: maps }, kd.rotateBatch],
  sampleContrastIndices: [
    { indices: labels },
    (x) => kd.sampleContrastIndices(x, { negatives: 2, size: 6 }),
  ],
  similarityLoss: [pair("Features", rows), kd.similarityLoss],
  standardizeLogits: [{ logits: rows }, kd.standardizeLogits],
  updateCentroids: [
    { centroids: square, labels, logits: rows, weights },
    (q, y, z, w) => kd.updateCentroids(q, y, z, { weights: w }),
  ],
  updateContrastBank: [
    { ...banks, ...embeddings, indices: labels },
    (a: never, b: never, t: never, s: never, x: never) =>
      kd.updateContrastBank(bank(a, b), t, s, x),
  ],
  updateContrastQueue: [
    { ...banks, ...embeddings },
    (a: never, b: never, t: never, s: never) => kd.updateContrastQueue(bank(a, b), t, s),
  ],
  vidLoss: [
    { teacherFeatures: rows, regressedFeatures: rows, logScale: () => tf.ones([3]) },
    kd.vidLoss,
  ],
};

const WITHOUT_TENSORS = ["createContrastBank", "createContrastQueue", "contrastQueueIndices"];
const CLASSES = ["CamClusterEstimator", "CmiEstimator", "ContrastMemory"];

test("every exported function that takes tensors is tried", () => {
  const names = [...Object.keys(cases), ...WITHOUT_TENSORS, ...CLASSES];
  expect(names.sort()).toEqual(Object.keys(kd).sort());
});

describe.each(Object.keys(cases))("%s", (name) => {
  const [args, call] = cases[name]!;
  test.each(Object.keys(args))(
    "names a disposed %s and leaves no tensor behind",
    async (argument) => {
      const tensors = Object.values(args).map((make) => make());
      const place = Object.keys(args).indexOf(argument);
      tensors[place]!.dispose();
      const before = tf.memory().numTensors;
      const message = `${name}: ${argument} must not be disposed`;
      await expect((async () => call(...(tensors as never[])))()).rejects.toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

test("estimators name a disposed tensor and remain usable", async () => {
  const logits = rows() as tf.Tensor2D;
  const gone = labels();
  gone.dispose();
  const estimator = new kd.CmiEstimator();
  expect(() => estimator.update(gone, logits)).toThrow(
    "CmiEstimator.update: labels must not be disposed",
  );
  await estimator.update(labels(), logits);
  expect((await estimator.result()).counts).toEqual([2, 1, 1]);

  const scores = new kd.CamClusterEstimator({ numClasses: 3 });
  const maps = kd.normalizeCam(cams(), { to: "distribution" });
  expect(() => scores.update(gone, maps)).toThrow(
    "CamClusterEstimator.update: labels must not be disposed",
  );
});
