import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { accuracy } from "../../../src/layers/distiller/measure.ts";
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

test("accuracy rejects a single logit and labels of another width, naming expected and actual", () => {
  const single = () => accuracy(tf.ones([4, 1]), tf.ones([4, 1]));
  expect(single).toThrow(
    "Distiller: logits of the accuracy must have at least 2 classes, got [4,1]; outputs of a single logit need a binary loss (binaryKdLoss)",
  );
  const wide = () => accuracy(tf.ones([4, 5]), tf.ones([4, 3]));
  expect(wide).toThrow("Distiller: the accuracy needs labels [4], [4,1] or [4,3], got [4,5]");
});
