import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { contrastProjection } from "../../../src/layers/index.ts";
import { expectClose, expectFinite, valueAndGrad } from "../../support.ts";
import {
  expectFit,
  expectSaved,
  expectTraining,
  normal,
  setWeights,
  useTrainingKernels,
} from "../support.ts";

useTrainingKernels();

test("is a linear layer on the flattened features with rows of length 1", async () => {
  const head = contrastProjection({ inputShape: [2, 2, 3], dim: 5 });
  setWeights(head);
  const features = normal([4, 2, 2, 3], 1);
  const [kernel, bias] = head.getWeights() as [tf.Tensor2D, tf.Tensor1D];
  const linear = tf.add(tf.matMul(tf.reshape(features, [4, 12]), kernel), bias);
  const rows = tf.div(linear, tf.norm(linear, 2, 1, true));
  const data = [...(await rows.data())];
  await expectClose(head.apply(features) as tf.Tensor, { shape: [4, 5], data });
});

test("has 128 units by default", () => {
  expect(contrastProjection({ inputShape: [7] }).outputs[0]!.shape).toEqual([null, 128]);
});

test("a row of zeros stays zero, with a finite gradient", async () => {
  const head = contrastProjection({ inputShape: [3], dim: 2 });
  const { value, grad } = valueAndGrad((x) => head.apply(x) as tf.Tensor, tf.zeros([2, 3]));
  expect(await value.data()).toEqual(new Float32Array(4));
  await expectFinite(grad);
});

test("saves and loads, then trains", { tags: "broad" }, async () => {
  const head = contrastProjection({ inputShape: [3], dim: 2 });
  setWeights(head);
  const [features, target] = [normal([6, 3], 1), tf.tile(tf.tensor2d([[0.6, 0.8]]), [6, 1])];
  const loaded = await expectSaved(head, features);
  await expectTraining(() =>
    tf.losses.meanSquaredError(target, loaded.apply(features) as tf.Tensor),
  );
  await expectFit(loaded, features, target);
});

test("rejects invalid options, naming expected and actual", () => {
  expect(() => contrastProjection({ inputShape: [] })).toThrow(
    "contrastProjection: inputShape must be a list of integers >= 1, got []",
  );
  expect(() => contrastProjection({ inputShape: [4, 0] })).toThrow("got [4,0]");
  expect(() => contrastProjection({ inputShape: [4], dim: 1.5 })).toThrow(
    "contrastProjection: dim must be an integer >= 1, got 1.5",
  );
});
