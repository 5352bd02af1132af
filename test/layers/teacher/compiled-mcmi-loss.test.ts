import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { mcmiLoss } from "../../../src/index.ts";
import { compiledMcmiLoss } from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";
import { network, samples, uniform } from "../training.ts";

test("classWeight multiplies the loss of each sample", async () => {
  const { xs, ys } = samples(12);
  const classWeight = { 0: 0.1, 1: 1, 2: 5 };
  const centroids = tf.tensor2d([
    [0.6, 0.2, 0.2],
    [0.1, 0.7, 0.2],
    [0.3, 0.3, 0.4],
  ]);
  const model = network();
  const losses = mcmiLoss(ys, model.apply(xs) as tf.Tensor, centroids, {
    lambda: 0.2,
    reduction: tf.Reduction.NONE,
  });
  const weights = tf.squeeze(tf.dot(ys, tf.tensor2d([[0.1], [1], [5]])));
  const [expected] = await tf.mean(tf.mul(weights, losses)).data();
  model.compile({ optimizer: "sgd", loss: compiledMcmiLoss(centroids, { lambda: 0.2 }) });
  const { history } = await model.fit(xs, ys, { classWeight, verbose: 0 });
  expect(history.loss![0]).toBeCloseTo(expected!, 5);
});

test("with λ = 0 model.fit gives the weights of categoricalCrossentropy", async () => {
  const { xs, ys } = samples(30);
  const trained = async (loss: "categoricalCrossentropy" | ReturnType<typeof compiledMcmiLoss>) => {
    const model = network("softmax");
    model.compile({ optimizer: tf.train.sgd(0.5), loss });
    const { history } = await model.fit(xs, ys, { epochs: 10, verbose: 0, shuffle: false });
    return { weights: model.getWeights(), losses: history.loss as number[] };
  };
  const expected = await trained("categoricalCrossentropy");
  const got = await trained(compiledMcmiLoss(uniform(), { lambda: 0, fromLogits: false }));
  for (const [i, { shape }] of expected.weights.entries()) {
    const data = [...(await expected.weights[i]!.data())];
    await expectClose(got.weights[i]!, { shape, data });
  }
  expect(got.losses.map((x) => x.toFixed(3))).toEqual(expected.losses.map((x) => x.toFixed(3)));
});
