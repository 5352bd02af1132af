import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";

const added = [
  tf.Conv2DBackpropFilter,
  tf.DepthwiseConv2dNativeBackpropFilter,
  tf.DepthwiseConv2dNativeBackpropInput,
  tf.UnsortedSegmentSum,
];
const replaced = [tf.BatchMatMul, tf._FusedMatMul, tf.Conv2DBackpropInput, tf.MaxPoolGrad];

test("registers each kernel once, keeps an existing one, and logs no warning", async () => {
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

  registerTrainingKernels();
  await tf.setBackend("wasm");
  registerTrainingKernels();
  const again = new Map(tf.getKernelsForBackend("wasm").map((k) => [k.kernelName, k]));
  expect([...again.keys()].filter((name) => again.get(name) !== first.get(name))).toEqual([]);
  expect(warn).not.toHaveBeenCalled();

  const product = tf.matMul(tf.tensor2d([[1], [2]]), tf.tensor2d([[3], [4]]), true);
  expect(await product.array()).toEqual([[11]]);
});
