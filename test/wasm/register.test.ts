import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-wasm";
import { expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";

const added = [
  tf.Conv2DBackpropFilter,
  tf.DepthwiseConv2dNativeBackpropFilter,
  tf.DepthwiseConv2dNativeBackpropInput,
  tf.UnsortedSegmentSum,
  "KdCmiAngleLosses",
  "KdCmiBatchNormGrad",
  "KdCmiReluGrad",
  "KdCmiRepeat",
  "KdCmiScaledProduct",
  "KdCmiSgd",
  "KdCmiMomentum",
  "KdCmiNoiseLosses",
  "KdCmiAdam",
  "KdCmiSoftmaxParts",
  "KdCmiSquaredDistances",
  "KdCmiSquaredSums",
  "KdCmiSoftDivergence",
  "KdCmiCentroidLosses",
  "KdCmiClassCentroidLosses",
];
const replaced = [
  tf.BatchMatMul,
  tf._FusedMatMul,
  tf.Conv2DBackpropInput,
  tf.MaxPoolGrad,
  tf.Conv2D,
  tf.FusedConv2D,
  tf.Exp,
  tf.Log,
  tf.Slice,
  tf.Identity,
  tf.Cast,
  tf.Sum,
  tf.Mean,
  tf.FusedBatchNorm,
  tf.Add,
  tf.Multiply,
  tf.Sub,
  tf.RealDiv,
];
const gradients = [tf.Sum, tf.Mean, tf.FusedBatchNorm, tf.Relu, tf.Square];

test("registers each kernel and gradient once, keeps an existing one, and logs no warning", async () => {
  const warn = vi.spyOn(console, "warn");
  const stock = new Map(tf.getKernelsForBackend("wasm").map((k) => [k.kernelName, k]));
  expect(added.filter((name) => stock.has(name))).toEqual([]);
  const own: tf.KernelConfig = {
    kernelName: tf.UnsortedSegmentSum,
    backendName: "wasm",
    kernelFunc: () => [],
  };
  tf.registerKernel(own);

  registerTrainingKernels(); // before the backend starts
  const first = new Map(tf.getKernelsForBackend("wasm").map((k) => [k.kernelName, k]));
  const changed = [...first.keys()].filter((name) => first.get(name) !== stock.get(name));
  expect(changed.sort()).toEqual([...added, ...replaced].sort());
  expect(first.get(tf.UnsortedSegmentSum)).toBe(own);
  for (const name of replaced) {
    expect(first.get(name)!.setupFunc).toBe(stock.get(name)!.setupFunc);
  }

  const firstGradients = gradients.map((name) => tf.getGradient(name));
  registerTrainingKernels();
  await tf.setBackend("wasm");
  registerTrainingKernels();
  vi.resetModules(); // another copy of the package
  const copy = await import("../../src/wasm/index.ts");
  expect(copy.registerTrainingKernels).not.toBe(registerTrainingKernels);
  copy.registerTrainingKernels();
  expect(gradients.map((name) => tf.getGradient(name))).toEqual(firstGradients);
  const again = new Map(tf.getKernelsForBackend("wasm").map((k) => [k.kernelName, k]));
  expect([...again.keys()].filter((name) => again.get(name) !== first.get(name))).toEqual([]);
  expect(warn).not.toHaveBeenCalled();

  const product = tf.matMul(tf.tensor2d([[1], [2]]), tf.tensor2d([[3], [4]]), true);
  expect(await product.array()).toEqual([[11]]);
});
