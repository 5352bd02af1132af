import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import {
  binaryKdLoss,
  conditionalMutualInformation,
  dkdLoss,
  kdLoss,
  mcmiLoss,
} from "../../src/index.ts";
import { labelsOf, logitsOf, valueAndGrad } from "../support.ts";

const [N, C] = [4, 10];
const labels = () => labelsOf(N, C);
const oneHot = () => tf.oneHot(labels(), C);
const rows = () => tf.softmax(logitsOf(N, C, 3));
const centroids = () => tf.softmax(logitsOf(C, C, 4));

/** Each loss with the dispatches of value and gradient, without those of its arguments. */
const losses: Record<
  string,
  [(z: tf.Tensor, ...args: tf.Tensor[]) => tf.Tensor, () => tf.Tensor[], number]
> = {
  kdLoss: [(z, t) => kdLoss(t!, z), () => [logitsOf(N, C, 2)], 5],
  binaryKdLoss: [(z, t) => binaryKdLoss(t!, z), () => [logitsOf(N, C, 2)], 5],
  "dkdLoss of indices": [(z, t, y) => dkdLoss(y!, t!, z), () => [logitsOf(N, C, 2), labels()], 6],
  "mcmiLoss of indices": [
    (z, q, y) => mcmiLoss(y!, z, q!, { lambda: 0.2, labelSmoothing: 0.1 }),
    () => [centroids(), labels()],
    5,
  ],
  "mcmiLoss of one-hot rows": [
    (z, q, y) => mcmiLoss(y!, z, q!, { lambda: 0.2 }),
    () => [centroids(), oneHot()],
    6,
  ],
  "mcmiLoss of float32 rows": [
    (z, q, y) => mcmiLoss(y!, z, q!, { lambda: 0.2 }),
    () => [centroids(), rows()],
    6,
  ],
  "conditionalMutualInformation of given centroids": [
    (z, q, y) => conditionalMutualInformation(y!, z, { centroids: q }),
    () => [centroids(), labels()],
    5,
  ],
};

test.each(Object.keys(losses))("value and gradient of %s", async (name) => {
  const [loss, makeArguments, expected] = losses[name]!;
  const [logits, args] = [logitsOf(N, C, 1), makeArguments()];
  await Promise.all([logits, ...args].map((x) => x.data())); // what is on the CPU runs there
  const dispatch = vi.spyOn(tf.backend() as WebGPUBackend, "runWebGPUProgram");
  valueAndGrad((z) => loss(z, ...args), logits);
  expect(dispatch).toHaveBeenCalledTimes(expected);
  dispatch.mockRestore();
});
