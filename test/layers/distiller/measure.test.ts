import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { accuracy, binaryAccuracy } from "../../../src/layers/distiller/measure.ts";
import { labelsOf } from "../../support.ts";

const CLASSES = 10;
const classes = () => labelsOf(20, CLASSES);
const rows = () => tf.cast(tf.oneHot(classes(), CLASSES), "float32");

/** Logits whose largest entry is that of the class, except for the first 5 samples. */
const logits = () => {
  const sign = tf.concat([tf.fill([5, 1], -1), tf.ones([15, 1])]);
  return tf.mul(rows(), sign) as tf.Tensor2D;
};

test.each<[string, () => tf.Tensor]>([
  ["class indices", classes],
  ["class indices in a column", () => tf.reshape(classes(), [-1, 1])],
  ["class indices in a float32 column", () => tf.cast(tf.reshape(classes(), [-1, 1]), "float32")],
  ["one-hot rows", rows],
  ["bool rows", () => tf.cast(rows(), "bool")],
  ["smoothed rows", () => tf.add(tf.mul(rows(), 0.9), 0.01)],
  ["mixed rows", () => tf.add(tf.mul(rows(), 0.7), tf.mul(tf.reverse(rows(), 0), 0.3))],
])("accuracy of %s is the share of hits", async (_, labels) => {
  expect((await accuracy(labels(), logits()).data())[0]).toBeCloseTo(0.75, 6);
});

test("accuracy rejects labels of another width, naming expected and actual", () => {
  const wide = () => accuracy(tf.ones([4, 5]), tf.ones([4, 3]));
  expect(wide).toThrow("Distiller: the accuracy needs labels [4], [4,1] or [4,3], got [4,5]");
});

describe("binary outputs", () => {
  const logits = () => tf.tensor2d([[2], [-1], [0.5], [-3], [0]]);
  const labels = () => tf.tensor1d([1, 1, 0, 0, 0], "int32");

  test.each<[string, () => tf.Tensor]>([
    ["indices", labels],
    ["a column", () => tf.reshape(labels(), [5, 1])],
    ["a float32 column", () => tf.cast(tf.reshape(labels(), [5, 1]), "float32")],
    ["a bool column", () => tf.cast(tf.reshape(labels(), [5, 1]), "bool")],
    ["smoothed labels", () => tf.add(tf.mul(labels(), 0.8), 0.1)],
  ])("the accuracy of a single logit with %s counts the sign", async (_, form) => {
    expect((await accuracy(form(), logits()).data())[0]).toBeCloseTo(0.6, 6);
  });

  test("binaryAccuracy counts each of several labels", async () => {
    const several = tf.tensor2d([
      [3, -2, 1],
      [-1, -1, 5],
    ]);
    const truth = tf.tensor2d(
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
      [2, 3],
      "bool",
    );
    expect((await binaryAccuracy(truth, several).data())[0]).toBeCloseTo(5 / 6, 6);
  });

  test("binaryAccuracy rejects labels of another shape", () => {
    expect(() => binaryAccuracy(labels(), tf.ones([5, 3]))).toThrow(
      "Distiller: binaryAccuracy needs labels [5,3], got [5]",
    );
    expect(() => accuracy(tf.ones([4]), logits())).toThrow(
      "Distiller: binaryAccuracy needs labels [5,1] or [5], got [4]",
    );
  });
});
