import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { compiledMcmiLoss } from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";
import { network, samples, uniform } from "../training.ts";

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
