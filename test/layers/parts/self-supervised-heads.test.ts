import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { hsakdLoss, jointLabels, rotateBatch } from "../../../src/index.ts";
import { featureExtractor, selfSupervisedHeads } from "../../../src/layers/index.ts";
import { expectClose, labelsOf } from "../../support.ts";
import {
  expectFit,
  expectSaved,
  expectTraining,
  normal,
  setWeights,
  useTrainingKernels,
} from "../support.ts";

useTrainingKernels();

const CLASSES = 3;
const classifier = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ name: "early", filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }),
      tfl.layers.conv2d({ name: "late", filters: 4, kernelSize: 3, activation: "relu" }),
      tfl.layers.globalAveragePooling2d({ name: "pool" }),
      tfl.layers.dense({ name: "logits", units: CLASSES }),
    ],
  });
/** The same classifier, whose layers but the last are those of a nested model. */
function nested(): tfl.LayersModel {
  const backbone = tfl.sequential({ name: "backbone", layers: classifier().layers.slice(0, -1) });
  const inputs = tfl.input({ shape: [6, 6, 1] });
  const pooled = backbone.apply(inputs) as tfl.SymbolicTensor;
  const logits = tfl.layers.dense({ units: CLASSES }).apply(pooled) as tfl.SymbolicTensor;
  return tfl.model({ inputs, outputs: logits });
}
const images = () => rotateBatch(normal([2, 6, 6, 1], 1));
const outputsOf = (model: tfl.LayersModel, x: tf.Tensor, training = false) => {
  const [logits, ...heads] = model.apply(x, { training }) as tf.Tensor[];
  return { logits: logits!, heads };
};

test("adds heads of class and rotation to the classifier's logits", async () => {
  const model = classifier();
  const withHeads = selfSupervisedHeads(model, ["early", "late", "pool"]);
  const { logits, heads } = outputsOf(withHeads, images());
  expect(heads.map((x) => x.shape)).toEqual([1, 2, 3].map(() => [8, 4 * CLASSES]));
  const own = model.apply(images()) as tf.Tensor;
  await expectClose(logits, { shape: own.shape, data: [...(await own.data())] });
  const filters = withHeads.layers.flatMap((x) => x.getWeights()).filter((x) => x.rank === 4);
  const shapes = filters.map((x) => x.shape.slice(2).join());
  expect(shapes.sort()).toEqual(["1,2", "2,4", "2,4", "4,8", "4,8"]);
});

test("uses custom layers for the heads", () => {
  const branch = (x: tfl.SymbolicTensor, index: number) =>
    tfl.layers.conv2d({ filters: 5 + index, kernelSize: 1 }).apply(x) as tfl.SymbolicTensor;
  const model = selfSupervisedHeads(classifier(), ["early", "late"], { branch });
  const inputs = model.outputs.slice(1).map((x) => x.sourceLayer.input as tfl.SymbolicTensor);
  expect(inputs.map((x) => x.shape)).toEqual([
    [null, 5],
    [null, 6],
  ]);
});

test("saves and loads, then trains on joint labels and on a teacher", {
  tags: "broad",
}, async () => {
  const [teacher, student] = [classifier(), classifier()].map((x) =>
    selfSupervisedHeads(x, ["early", "late"]),
  ) as [tfl.LayersModel, tfl.LayersModel];
  setWeights(teacher);
  const x = images();
  const loaded = await expectSaved(student, x);
  const targets = outputsOf(teacher, x);
  await expectTraining(() => hsakdLoss(targets, outputsOf(loaded, x, true)));
  const joint = jointLabels(tf.oneHot(labelsOf(2, CLASSES), CLASSES));
  await expectTraining(() => {
    const { heads } = outputsOf(loaded, x, true);
    const losses = heads.map((head) => tf.losses.softmaxCrossEntropy(joint, head));
    return tf.add(losses[0]!, losses[1]!);
  });
  await expectFit(loaded, x, [tf.zeros([8, CLASSES]), joint, joint]);
});

test("adds heads to layers of a nested model", { tags: "broad" }, async () => {
  const model = nested();
  const withHeads = selfSupervisedHeads(model, ["backbone/early", "backbone/pool"]);
  setWeights(withHeads);
  const { logits, heads } = outputsOf(withHeads, images());
  expect(heads.map((x) => x.shape)).toEqual([1, 2].map(() => [8, 4 * CLASSES]));
  const own = model.predict(images()) as tf.Tensor;
  await expectClose(logits, { shape: own.shape, data: [...(await own.data())] });
  const pooled = featureExtractor(model, ["backbone/pool"]).predict(images()) as tf.Tensor2D;
  const [kernel, bias] = withHeads.layers.at(-1)!.getWeights() as [tf.Tensor2D, tf.Tensor1D];
  const expected = tf.add(tf.matMul(pooled, kernel), bias);
  await expectClose(heads[1]!, { shape: expected.shape, data: [...(await expected.data())] });

  const before = await Promise.all(model.getWeights().map((x) => x.data()));
  const joint = jointLabels(tf.oneHot(labelsOf(2, CLASSES), CLASSES));
  await expectTraining(() =>
    tf.losses.softmaxCrossEntropy(joint, outputsOf(withHeads, images(), true).heads[1]!),
  );
  const after = await Promise.all(model.getWeights().map((x) => x.data()));
  expect(after[0]).not.toEqual(before[0]); // the early convolution of the backbone
});

test("a classifier that is not trainable does not change", { tags: "broad" }, async () => {
  const model = classifier();
  model.trainable = false;
  const withHeads = selfSupervisedHeads(model, ["early", "late"]);
  const before = await Promise.all(model.getWeights().map((x) => x.data()));
  const joint = jointLabels(tf.oneHot(labelsOf(2, CLASSES), CLASSES));
  await expectTraining(() => {
    const { heads } = outputsOf(withHeads, images(), true);
    return tf.losses.softmaxCrossEntropy(joint, heads[0]!);
  });
  const after = await Promise.all(model.getWeights().map((x) => x.data()));
  expect(after).toEqual(before);
});

test("fit does not change a classifier with a nested model that is not trainable", async () => {
  const model = nested();
  model.trainable = false;
  const withHeads = selfSupervisedHeads(model, ["backbone/early"]);
  const own = model.getWeights().length;
  expect(withHeads.trainableWeights).toHaveLength(withHeads.weights.length - own - 2); // statistics
  const before = await Promise.all(model.getWeights().map((x) => x.data()));
  const joint = jointLabels(tf.oneHot(labelsOf(2, CLASSES), CLASSES));
  await expectFit(withHeads, images(), [tf.zeros([8, CLASSES]), joint]);
  const after = await Promise.all(model.getWeights().map((x) => x.data()));
  expect(after).toEqual(before);
});

test("rejects invalid input, naming expected and actual", () => {
  expect(() => selfSupervisedHeads(classifier(), ["nowhere"])).toThrow(
    "selfSupervisedHeads: layerNames must be layers of the model (early, late, pool, logits), got nowhere",
  );
  expect(() => selfSupervisedHeads(classifier(), [])).toThrow("got none");
  const maps = tfl.sequential({ layers: [tfl.layers.reLU({ inputShape: [2, 2, 1] })] });
  expect(() => selfSupervisedHeads(maps, [maps.layers[0]!.name])).toThrow(
    "selfSupervisedHeads: model must have one output [batch,classes], got [,2,2,1]",
  );
  const sequences = tfl.sequential({
    layers: [
      tfl.layers.reLU({ name: "sequence", inputShape: [2, 3] }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2 }),
    ],
  });
  expect(() => selfSupervisedHeads(sequences, ["sequence"])).toThrow(
    "selfSupervisedHeads: layerNames[0] must give features of rank 2 or 4, got sequence of [,2,3]",
  );
});
