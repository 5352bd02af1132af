import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, expect, inject } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectClose } from "../support.ts";

/** On wasm, networks train only with the kernels of kd-cmi/wasm. */
export function useTrainingKernels(): void {
  beforeAll(() => {
    if (inject("backend").backend === "wasm") registerTrainingKernels();
  });
}

export const normal = (shape: number[], seed: number) =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

/** All optimizers of tfjs, with options that use all of their state. */
export const optimizers: Record<string, (rate: number) => tf.Optimizer> = {
  sgd: (rate) => tf.train.sgd(rate),
  momentum: (rate) => tf.train.momentum(rate, 0.9),
  nesterov: (rate) => tf.train.momentum(rate, 0.9, true),
  adam: (rate) => tf.train.adam(rate),
  adamax: (rate) => tf.train.adamax(rate, 0.9, 0.999, 1e-7, 0.01),
  rmsprop: (rate) => tf.train.rmsprop(rate, 0.9, 0.5),
  "centered rmsprop": (rate) => tf.train.rmsprop(rate, 0.9, 0.5, 1e-7, true),
  adagrad: (rate) => tf.train.adagrad(rate),
  adadelta: (rate) => tf.train.adadelta(rate),
};

/** Sets the same weights in every run. Scales and variances are above 0. */
export function setWeights(model: tfl.LayersModel): void {
  const weights = model.weights.map((weight, i) => {
    const values = tf.mul(normal(weight.shape as number[], i + 1), 0.5);
    return /gamma|variance/.test(weight.originalName) ? tf.add(tf.abs(values), 0.5) : values;
  });
  model.setWeights(weights);
}

/** Saves and loads through a save handler and JSON, as through a file. */
export async function saveAndLoad(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  });
  await model.save(handler);
  const { weightSpecs, weightData } = saved!;
  const modelTopology = JSON.parse(JSON.stringify(saved!.modelTopology));
  return tfl.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightSpecs!, weightData: weightData! }),
  );
}

const outputsOf = (model: tfl.LayersModel, inputs: tf.Tensor | tf.Tensor[]) =>
  [model.apply(inputs)].flat() as tf.Tensor[];

/** Saves a model, loads it, and compares the outputs of both. */
export async function expectSaved(
  model: tfl.LayersModel,
  inputs: tf.Tensor | tf.Tensor[],
): Promise<tfl.LayersModel> {
  const loaded = await saveAndLoad(model);
  const [before, after] = [outputsOf(model, inputs), outputsOf(loaded, inputs)];
  expect(after).toHaveLength(before.length);
  for (const [i, x] of before.entries()) {
    await expectClose(after[i]!, { shape: x.shape, data: [...(await x.data())] });
  }
  return loaded;
}

/** Minimises a loss. Expects it to fall without leaking tensors. */
export async function expectTraining(loss: () => tf.Tensor, steps = 6): Promise<void> {
  const optimizer = tf.train.adam(0.02);
  const step = () => optimizer.minimize(() => tf.tidy(loss) as tf.Scalar, true)!;
  const first = step();
  const before = tf.memory().numTensors;
  for (let i = 0; i < steps; i++) step().dispose();
  expect(tf.memory().numTensors).toBe(before);
  const last = step();
  const [start] = await first.data();
  const [end] = await last.data();
  expect(end).toBeLessThan(start!);
  tf.dispose([first, last]);
  optimizer.dispose();
}

/**
 * Trains by `model.fit` on the mean squared error. Expects the loss to fall and to stay finite. The
 * loss is a scalar, because tfjs adds its own losses of several outputs before it averages them, which
 * needs equal shapes.
 */
export async function expectFit(
  model: tfl.LayersModel,
  inputs: tf.Tensor | tf.Tensor[],
  targets: tf.Tensor | tf.Tensor[],
): Promise<void> {
  const loss = (y: tf.Tensor, p: tf.Tensor) => tf.losses.meanSquaredError(y, p) as tf.Scalar;
  model.compile({ optimizer: tf.train.adam(0.02), loss });
  const { history } = await model.fit(inputs, targets, { epochs: 4, verbose: 0, shuffle: false });
  const losses = history.loss as number[];
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(losses[3]!).toBeLessThan(losses[0]!);
}
