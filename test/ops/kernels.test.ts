import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
} from "../../src/ops/adaptive-average-pool.ts";
import { batchProduct } from "../../src/ops/batch-product.ts";
import { centroidLosses, classCentroidLosses } from "../../src/ops/centroid-losses.ts";
import { channelMeans } from "../../src/ops/channel-means.ts";
import { columnSums } from "../../src/ops/column-sums.ts";
import { countRows } from "../../src/ops/count-rows.ts";
import { gatherRows } from "../../src/ops/gather-rows.ts";
import { keepNaN, keepNaNAlone } from "../../src/ops/keep-nan.ts";
import { matMul } from "../../src/ops/mat-mul.ts";
import { mirrorUpper, padLeft } from "../../src/ops/mirror-upper.ts";
import { oneHot } from "../../src/ops/one-hot.ts";
import { relu } from "../../src/ops/relu.ts";
import { gram } from "../../src/ops/row-products.ts";
import { sliceRows } from "../../src/ops/slice-rows.ts";
import { softDivergence } from "../../src/ops/soft-divergence.ts";
import { atTemperature } from "../../src/ops/softmax.ts";
import { squaredDistances } from "../../src/ops/squared-distances.ts";
import { sumAll } from "../../src/ops/sums.ts";
import { transposeMatrix } from "../../src/ops/transpose-matrix.ts";

const matrix = (...shape: [number, number]): tf.Tensor2D => tf.ones(shape);
const cube = (...shape: [number, number, number]): tf.Tensor3D => tf.ones(shape);
const maps = (height: number, width: number): tf.Tensor4D => tf.ones([1, height, width, 2]);
const indices = (n: number): tf.Tensor1D => tf.zeros([n], "int32");

const lossesOf = (crossEntropy: number) => {
  const x = matrix(4, 3);
  return centroidLosses(x, x, x, { crossEntropy, divergence: 1, labelSmoothing: 0 });
};
const DIVERGENCE = "Max Sub Exp Sum RealDiv Log ClipByValue Sub Sub Multiply Sum Sub Sub Multiply";

/** Names of kernels in the order in which they run. */
type Kernels = string;

/** Operations whose way depends on sizes or on the backend: the kernels on cpu, and on wasm. */
const ways: Record<string, [run: () => unknown, cpu: Kernels, wasm?: Kernels]> = {
  gatherRows: [() => gatherRows(matrix(4, 2), indices(3)), "GatherV2", "Reshape GatherNd"],
  "sliceRows of some": [() => sliceRows(matrix(4, 2), 1, 2), "Slice", "GatherNd"],
  "sliceRows of all": [() => sliceRows(matrix(4, 2), 0, 4), "Identity"],
  "transposeMatrix of 64 rows": [() => transposeMatrix(matrix(64, 2)), "Transpose"],
  "transposeMatrix of 96 rows": [
    () => transposeMatrix(matrix(96, 2)),
    "Transpose",
    "Reshape Transpose Transpose Reshape",
  ],
  "transposeMatrix of 100 rows": [() => transposeMatrix(matrix(100, 2)), "Transpose"],
  "gram below width 16,384": [() => gram(matrix(18, 16_383)), "Transpose BatchMatMul"],
  "gram from width 16,384 on": [
    () => gram(matrix(18, 16_384)),
    "Transpose BatchMatMul",
    "GatherNd Transpose BatchMatMul GatherNd Transpose BatchMatMul Concat",
  ],
  "batchProduct below 36³": [() => batchProduct(cube(2, 36, 36), cube(2, 36, 35)), "BatchMatMul"],
  "batchProduct with a transposed operand below 36³": [
    () => batchProduct(cube(2, 36, 36), cube(2, 35, 36), { b: true }),
    "BatchMatMul",
  ],
  "batchProduct from 36³ on": [
    () => batchProduct(cube(2, 36, 36), cube(2, 36, 36)),
    "BatchMatMul",
    "GatherNd Reshape GatherNd Reshape BatchMatMul GatherNd Reshape GatherNd Reshape BatchMatMul Pack",
  ],
  "batchProduct of a shared operand": [
    () => batchProduct(cube(1, 36, 36), cube(2, 36, 36)),
    "BatchMatMul",
    "Identity Reshape GatherNd Reshape BatchMatMul GatherNd Reshape BatchMatMul Pack",
  ],
  "batchProduct of transposed single entries": [
    () => batchProduct(cube(1, 36, 36), cube(1, 36, 36), { a: true, b: true }),
    "Transpose BatchMatMul",
    "Identity Reshape Transpose Identity Reshape Transpose BatchMatMul ExpandDims",
  ],
  "batchProduct of small transposed entries": [
    () => batchProduct(cube(2, 3, 3), cube(2, 3, 3), { b: true }),
    "BatchMatMul",
  ],
  "columnSums of one position": [() => columnSums(cube(2, 1, 3)), "Sum"],
  columnSums: [() => columnSums(cube(2, 4, 3)), "Sum", "Reshape AvgPool Cast Reshape Multiply"],
  "channelMeans of one position": [() => channelMeans(matrix(2, 3)), "Reshape Reshape Mean"],
  channelMeans: [() => channelMeans(cube(2, 4, 3)), "Reshape AvgPool Cast Reshape Mean"],
  "sumAll of 2¹⁴ entries": [() => sumAll(matrix(128, 128)), "Sum"],
  "sumAll of more": [() => sumAll(matrix(128, 129)), "Sum", "Sum Sum"],
  keepNaN: [() => keepNaN(matrix(1, 2), matrix(1, 2)), "", "Sub Add"],
  keepNaNAlone: [() => keepNaNAlone(matrix(1, 2), matrix(1, 2)), "", "NotEqual Select"],
  "matMul of an odd inner size": [() => matMul(matrix(2, 3), matrix(3, 2)), "BatchMatMul"],
  "padLeft of no columns": [() => padLeft(matrix(2, 2), 0), ""],
  "mirrorUpper of one block": [() => mirrorUpper([matrix(2, 2)]), ""],
  "oneHot of one class": [() => oneHot(indices(2), 1), "OneHot Slice", "OneHot Cast Slice"],
  oneHot: [() => oneHot(indices(2), 3), "OneHot", "OneHot Cast"],
  relu: [() => relu(matrix(2, 2)), "Relu"],
  "atTemperature of 1": [() => atTemperature(matrix(2, 2), 1), ""],
  "squaredDistances in one block": [
    () => squaredDistances(matrix(8, 2 ** 13)),
    "Identity ExpandDims Identity Sub Square Sum",
  ],
  "squaredDistances in two blocks": [
    () => squaredDistances(matrix(8, 2 ** 14)),
    "Slice ExpandDims Identity Sub Square Sum Slice ExpandDims Slice Sub Square Sum PadV2 Concat Range Reshape LessEqual Transpose Identity Identity Identity Select",
    "GatherNd ExpandDims Identity Sub Square Sum GatherNd ExpandDims GatherNd Sub Square Sum PadV2 Concat Range Reshape LessEqual Transpose Identity Identity Identity Select",
  ],
  "adaptiveAveragePool by whole factors": [
    () => adaptiveAveragePool(maps(4, 4), [2, 2]),
    "AvgPool Cast",
  ],
  "adaptiveAveragePool by a whole factor of the height alone": [
    () => adaptiveAveragePool(maps(4, 5), [2, 2]),
    "Reshape BatchMatMul Reshape BatchMatMul Reshape",
  ],
  "adaptiveAveragePool by a whole factor of the width alone": [
    () => adaptiveAveragePool(maps(5, 4), [2, 2]),
    "Reshape BatchMatMul Reshape BatchMatMul Reshape",
  ],
  "adaptiveAveragePool of one axis": [
    () => adaptiveAveragePool(maps(5, 2), [2, 2]),
    "Reshape BatchMatMul Reshape",
  ],
  "centroidLosses without cross-entropy": [() => lossesOf(0), DIVERGENCE],
  "centroidLosses without smoothing": [
    () => lossesOf(1),
    `${DIVERGENCE} Multiply Sum Sub Less Cast RealDiv Add Sub`,
  ],
  "adaptiveAveragePoolGradient by a whole factor of the height alone": [
    () => adaptiveAveragePoolGradient(maps(2, 2), [1, 4, 5, 2]),
    "Reshape BatchMatMul Reshape BatchMatMul Reshape",
  ],
  "adaptiveAveragePoolGradient of the width alone": [
    () => adaptiveAveragePoolGradient(maps(2, 2), [1, 2, 5, 2]),
    "Reshape BatchMatMul Reshape",
  ],
  "adaptiveAveragePoolGradient by whole factors": [
    () => adaptiveAveragePoolGradient(maps(2, 2), [1, 4, 4, 2]),
    "Reshape Fill Multiply Reshape",
  ],
};

const { backend, hasTrainingKernels } = inject("backend");
const isComposed = backend === "cpu" || (backend === "wasm" && !hasTrainingKernels);

const profile = async (run: () => unknown) => {
  const before = tf.memory().numBytes;
  const { kernels, peakBytes } = await tf.profile(() => {
    tf.tidy(() => {
      run();
    });
    return tf.scalar(0);
  });
  return { names: kernels.map(({ name }) => name), kernels, peak: peakBytes - before };
};

// The reasons are in the docstrings of the operations: the other way gives the same values, but slower.
describe.runIf(isComposed)("the kernels", () => {
  // Tests of layers, which may share the process, register kernels of operations on wasm.
  let registered: tf.KernelConfig[] = [];
  beforeAll(() => {
    const kernels = tf.getKernelsForBackend(backend);
    registered = kernels.filter(({ kernelName }) => kernelName.startsWith("KdCmi"));
    for (const { kernelName } of registered) tf.unregisterKernel(kernelName, backend);
  });
  afterAll(() => {
    for (const kernel of registered) tf.registerKernel(kernel);
  });

  test.each(Object.entries(ways))("of %s", async (_, [run, cpu, wasm = cpu]) => {
    const { names } = await profile(run);
    expect(names.join(" ")).toBe(backend === "wasm" ? wasm : cpu);
  });

  test("of classCentroidLosses take the logarithm of the fewer rows", async () => {
    const attrs = { crossEntropy: 1, divergence: 1, labelSmoothing: 0 };
    for (const [batch, isOfBatch] of [
      [2, true],
      [3, false],
      [4, false],
    ] as const) {
      const losses = () =>
        classCentroidLosses(indices(batch), matrix(batch, 3), matrix(3, 3), attrs);
      const { names } = await profile(losses);
      const gathered = names.findIndex((name) => name.startsWith("Gather"));
      expect(gathered < names.indexOf("Log")).toBe(isOfBatch);
    }
  });

  test.each([
    [3, 5],
    [6, 6],
  ])("of countRows are as wide as %i draws or 5 rows", async (draws, width) => {
    const { kernels } = await profile(() => countRows(tf.zeros([2, draws], "int32"), 5));
    const shapes = kernels.map(({ outputShapes }) => outputShapes[0]);
    expect(shapes).toEqual([
      [2, width],
      [2, width],
      [2, 5],
    ]);
  });

  test.each([
    ["softDivergence", 10.26, (x: tf.Tensor2D) => softDivergence(x, x, 1)],
    [
      "centroidLosses",
      8.05,
      (x: tf.Tensor2D) =>
        centroidLosses(x, x, x, { crossEntropy: 1, divergence: 1, labelSmoothing: 0 }),
    ],
  ] as const)("of %s hold at most %f times the logits", async (_, limit, run) => {
    const logits = matrix(64, 64);
    const { peak } = await profile(() => run(logits));
    expect(peak / (4 * logits.size)).toBeLessThanOrEqual(limit);
  });
});

test.runIf(backend === "webgl" || backend === "webgpu")(
  "squaredDistances, two blocks on CPUs, are one on GPUs",
  async () => {
    const { names } = await profile(() => squaredDistances(matrix(8, 2 ** 14)));
    expect(names.filter((name) => name === "Sub")).toHaveLength(1);
  },
);
