import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { startTrainingBackend } from "../../experiments/common/training-backend.ts";
import { models } from "../../experiments/models/index.ts";
import { createOptimizer } from "../../experiments/pipeline/schedule.ts";

/** The losses of a few steps of a convolutional network. */
async function lossesOn(backend: string): Promise<number[]> {
  await startTrainingBackend(backend);
  const model = models.plain64({ inputShape: [32, 32, 3], numClasses: 3, seed: 1 });
  const images = tf.randomNormal([6, 32, 32, 3], 0, 1, "float32", 2);
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2], "int32"), 3);
  const sgd = { momentum: 0.9, weightDecay: 5e-4 };
  const optimizer = createOptimizer({ epochs: 1, batchSize: 6, learningRate: 0.1, sgd });
  const loss = (): tf.Scalar =>
    tf.losses.softmaxCrossEntropy(labels, model.apply(images, { training: true }) as tf.Tensor);
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    const value = optimizer.minimize(loss, true)!;
    losses.push((await value.data())[0]!);
    value.dispose();
  }
  return losses;
}

test("steps on wasm and webgpu equal those of stock tfjs on cpu", async () => {
  const expected = await lossesOn("cpu");
  expect(expected[3]).toBeLessThan(0.8 * expected[0]!);
  for (const backend of ["wasm", "webgpu"]) {
    const losses = await lossesOn(backend);
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(expected[i]!, 3);
  }
});
