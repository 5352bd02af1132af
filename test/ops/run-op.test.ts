import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { addToRows } from "../../src/ops/add-to-rows.ts";
import { angleLosses } from "../../src/ops/angle-losses.ts";
import { batchProduct } from "../../src/ops/batch-product.ts";
import { binaryDivergence } from "../../src/ops/binary-divergence.ts";
import { centroidLosses, classCentroidLosses } from "../../src/ops/centroid-losses.ts";
import { channelMeans } from "../../src/ops/channel-means.ts";
import { classIndices } from "../../src/ops/class-indices.ts";
import { columnSums } from "../../src/ops/column-sums.ts";
import { countRows } from "../../src/ops/count-rows.ts";
import { decoupledDivergence } from "../../src/ops/decoupled-divergence.ts";
import { expm1 } from "../../src/ops/expm1.ts";
import { gatherRows } from "../../src/ops/gather-rows.ts";
import { infiniteIfHuge } from "../../src/ops/infinite-if-huge.ts";
import { klDivergence } from "../../src/ops/kl-divergence.ts";
import { mixLogs } from "../../src/ops/mix-logs.ts";
import { noiseLosses } from "../../src/ops/noise-losses.ts";
import { oneHot } from "../../src/ops/one-hot.ts";
import { gram, rowProducts } from "../../src/ops/row-products.ts";
import { atLeastTiny, safeLog } from "../../src/ops/safe-log.ts";
import { sign } from "../../src/ops/sign.ts";
import { sliceRows } from "../../src/ops/slice-rows.ts";
import { softDivergence } from "../../src/ops/soft-divergence.ts";
import { centredSoftmax, softmaxParts } from "../../src/ops/softmax.ts";
import { softplus } from "../../src/ops/softplus.ts";
import { squaredDistances, squaredSums } from "../../src/ops/squared-distances.ts";
import { sumAll } from "../../src/ops/sums.ts";
import { transposeMatrix } from "../../src/ops/transpose-matrix.ts";
import { expectNoLeak } from "../support.ts";

const matrix = () => tf.ones<tf.Rank.R2>([2, 2]);
const cube = () => tf.ones<tf.Rank.R3>([2, 2, 2]);
const distribution = () => ({ p: matrix(), logP: matrix() });
const indices = () => tf.tensor1d([0, 1], "int32");

/** Each op by the name of its kernel, with the names of the kernel's inputs, and its attributes. */
const ops: Record<string, [op: () => tf.Tensor, inputs: string, attrs?: object]> = {
  KdCmiAddToRows: [() => addToRows(matrix(), indices(), matrix()), "changes indices matrix"],
  KdCmiAtLeastTiny: [() => atLeastTiny(matrix()), "x"],
  KdCmiBatchProduct: [
    () => batchProduct(cube(), cube(), { b: true }),
    "a b",
    { transposeA: false, transposeB: true },
  ],
  KdCmiChannelMeans: [() => channelMeans(cube()), "x"],
  KdCmiClassIndices: [() => classIndices(matrix()), "rows"],
  KdCmiColumnSums: [() => columnSums(cube()), "x"],
  KdCmiCountRows: [() => countRows(tf.zeros([2, 2], "int32"), 3), "drawn", { size: 3 }],
  KdCmiExpm1: [() => expm1(matrix(), matrix()), "exp x"],
  KdCmiGatherRows: [() => gatherRows(matrix(), indices()), "indices matrix"],
  KdCmiGram: [() => gram(matrix()), "x"],
  KdCmiInfiniteIfHuge: [() => infiniteIfHuge(matrix()), "x"],
  KdCmiKlDivergence: [() => klDivergence(distribution(), distribution()), "logP logQ p q"],
  KdCmiMixLogs: [() => mixLogs(matrix(), matrix()), "probabilities weights"],
  KdCmiOneHot: [() => oneHot(indices(), 2), "indices", { numClasses: 2 }],
  KdCmiRowProducts: [() => rowProducts(matrix(), matrix()), "a b"],
  KdCmiSafeLog: [() => safeLog(matrix()), "p"],
  KdCmiSign: [() => sign(matrix()), "x"],
  KdCmiSliceRows: [() => sliceRows(matrix(), 0, 1), "x", { start: 0, size: 1 }],
  KdCmiSoftplus: [() => softplus(matrix()), "x"],
  KdCmiSquaredDistances: [() => squaredDistances(matrix()), "x"],
  KdCmiSquaredSums: [() => squaredSums(matrix()), "x"],
  KdCmiSumAll: [() => sumAll(matrix()), "x"],
  KdCmiTransposeMatrix: [() => transposeMatrix(matrix()), "x"],
};

test.each(Object.keys(ops))("%s runs the kernel that the current backend has", async (name) => {
  const [op, inputNames, attributes = {}] = ops[name]!;
  const composed = tf.tidy(op);
  expect(await composed.data()).not.toEqual(new Float32Array([7]));

  const answer = tf.tensor1d([7]);
  const backendName = tf.getBackend();
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    expect([Object.keys(inputs).sort().join(" "), attrs]).toEqual([inputNames, attributes]);
    (backend as { incRef(dataId: object): void }).incRef(answer.dataId);
    return { dataId: answer.dataId, shape: [1], dtype: "float32" };
  };
  tf.registerKernel({ kernelName: name, backendName, kernelFunc });
  try {
    expect([...(await tf.tidy(op).data())]).toEqual([7]);
  } finally {
    tf.unregisterKernel(name, backendName);
  }
  expect(await tf.tidy(op).data()).toEqual(await composed.data());
});

test.each(Object.keys(ops))("%s leaves no tensor behind", (name) => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const inputs = tf.memory().numTensors;
    expectNoLeak(() => tf.tidy(ops[name]![0]));
    expect(tf.memory().numTensors).toBe(inputs);
  });
  expect(tf.memory().numTensors).toBe(before);
});

const centroidAttrs = { crossEntropy: 1, divergence: 1, labelSmoothing: 0 };
const decoupledAttrs = { alpha: 1, beta: 1, temperature: 1 };

/** Ops with several results, of matrices x and class indices y: see above. */
const listOps: Record<
  string,
  [op: (x: tf.Tensor2D, y: tf.Tensor1D) => object, inputs: string, attrs?: object]
> = {
  KdCmiAngleLosses: [
    (x) => angleLosses({ centres: x, rest: x, z: x }, { centres: x, rest: x, z: x }),
    "centres rest teacherCentres teacherRest teacherZ z",
  ],
  KdCmiBinaryDivergence: [(x) => binaryDivergence(x, x, 1), "logits target", { temperature: 1 }],
  KdCmiCentroidLosses: [
    (x) => centroidLosses(x, x, x, centroidAttrs),
    "logCentroids logits targets",
    centroidAttrs,
  ],
  KdCmiCentredSoftmax: [(x) => centredSoftmax(x), "logits"],
  KdCmiClassCentroidLosses: [
    (x, y) => classCentroidLosses(y, x, x, centroidAttrs),
    "centroids classes logits",
    centroidAttrs,
  ],
  KdCmiDecoupledDivergence: [
    (x) => decoupledDivergence(x, x, x, decoupledAttrs),
    "classes logits teacher",
    decoupledAttrs,
  ],
  KdCmiNoiseLosses: [(x) => noiseLosses(x, x, x), "counts scores shift"],
  KdCmiSoftDivergence: [(x) => softDivergence(x, x, 4), "logits target", { temperature: 4 }],
  KdCmiSoftmaxParts: [(x) => softmaxParts(x), "logits"],
};
const results = (name: string, x = matrix(), y = indices()): tf.Tensor[] =>
  Object.values(listOps[name]![0](x, y));

test.each(Object.keys(listOps))("%s runs the kernel with several results", async (name) => {
  const [, inputNames, attributes = {}] = listOps[name]!;
  const answers = results(name).map((_, i) => tf.tensor1d([i + 7]));
  const backendName = tf.getBackend();
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    expect([Object.keys(inputs).sort().join(" "), attrs]).toEqual([inputNames, attributes]);
    return answers.map(({ dataId }) => {
      (backend as { incRef(dataId: object): void }).incRef(dataId);
      return { dataId, shape: [1], dtype: "float32" as const };
    });
  };
  tf.registerKernel({ kernelName: name, backendName, kernelFunc });
  try {
    const values = await Promise.all(results(name).map((x) => x.data()));
    expect(values.map(([value]) => value)).toEqual(answers.map((_, i) => i + 7));
  } finally {
    tf.unregisterKernel(name, backendName);
  }
});

test.each(Object.keys(listOps))("%s leaves no tensor behind but its results", (name) => {
  const [x, y] = [matrix(), indices()];
  expectNoLeak(() => results(name, x, y));
});
