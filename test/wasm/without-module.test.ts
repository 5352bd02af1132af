import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { moduleOf } from "../../src/wasm/module.ts";
import { expectSameAsCpu, hideMemory, random } from "./support.ts";

beforeAll(async () => {
  await hideMemory();
  registerTrainingKernels();
});

const layers = () => [
  tfl.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, inputShape: [9, 9, 2] }),
  tfl.layers.batchNormalization(),
  tfl.layers.reLU(),
  tfl.layers.depthwiseConv2d({ kernelSize: 3, padding: "same" }),
  tfl.layers.maxPooling2d({ poolSize: 2 }),
  tfl.layers.globalAveragePooling2d({}),
  tfl.layers.dense({ units: 3 }),
];

test("without access to the backend's memory, a network trains by the kernels of the backend", async () => {
  await expectSameAsCpu(() => {
    const model = tfl.sequential({ layers: layers() });
    model.setWeights(model.getWeights().map((w, i) => random(w.shape, i + 1)));
    const x = random([8, 9, 9, 2], 99);
    const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), 3);
    const { value, grads } = tf.variableGrads(() =>
      tf.losses.softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor),
    );
    const gradients = Object.keys(grads)
      .sort()
      .map((name) => tf.reshape(grads[name]!, [-1]));
    const result = tf.keep(tf.concat([tf.reshape(value, [1]), ...gradients]));
    model.dispose();
    return result;
  });
  await tf.setBackend("wasm");
  expect(moduleOf(tf.backend() as BackendWasm)).toBeUndefined();
  expect(tf.getKernel("KdCmiSoftDivergence", "wasm")).toBeUndefined();
});
