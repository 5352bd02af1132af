import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { describe, expect, test } from "vitest";
import {
  activationBoundaryLoss,
  attentionTransferLoss,
  classCentroids,
  conditionalMutualInformation,
  correlationLoss,
  distLoss,
  dkdLoss,
  factorTransferLoss,
  fspLoss,
  hierarchicalContextLoss,
  hintLoss,
  inBatchCrdLoss,
  kdLoss,
  l2Normalize,
  mcmiLoss,
  nstLoss,
  pktLoss,
  rkdLoss,
  similarityLoss,
  standardizeLogits,
  vidLoss,
} from "../../src/index.ts";
import { differentiable, scalarLoss, sumOf } from "../../src/internal/differentiable.ts";
import { expectNoLeak, labelsOf, logitsOf, valueAndGrads } from "../support.ts";

const [labels, teacher] = [() => labelsOf(4, 3), () => logitsOf(4, 3, 1)];
const maps = (seed: number) => tf.randomNormal([2, 3, 3, 2], 0, 1, "float32", seed);

/** Functions of logits or rows [4, 3]. */
const ofRows: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  kdLoss: (x) => kdLoss(teacher(), x),
  dkdLoss: (x) => dkdLoss(labels(), teacher(), x),
  distLoss: (x) => distLoss(teacher(), x),
  standardizeLogits: (x) => standardizeLogits(x),
  mcmiLoss: (x) => mcmiLoss(labels(), x, tf.fill([3, 3], 1 / 3), { lambda: 0.2 }),
  conditionalMutualInformation: (x) => conditionalMutualInformation(labels(), x),
  classCentroids: (x) => classCentroids(labels(), x),
  hintLoss: (x) => hintLoss(teacher(), x),
  vidLoss: (x) => vidLoss(teacher(), x, tf.ones([3])),
  correlationLoss: (x) => correlationLoss(teacher(), x),
  pktLoss: (x) => pktLoss(teacher(), x),
  rkdLoss: (x) => rkdLoss(teacher(), x),
  similarityLoss: (x) => similarityLoss(teacher(), x),
  inBatchCrdLoss: (x) => inBatchCrdLoss(l2Normalize(teacher()), x),
  l2Normalize: (x) => l2Normalize(x),
};

/** Functions of feature maps [2, 3, 3, 2]. */
const ofMaps: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  attentionTransferLoss: (x) => attentionTransferLoss(maps(1), x),
  factorTransferLoss: (x) => factorTransferLoss(maps(1), x),
  activationBoundaryLoss: (x) => activationBoundaryLoss(maps(1), x),
  hierarchicalContextLoss: (x) => hierarchicalContextLoss(maps(1), x),
  nstLoss: (x) => nstLoss(maps(1), x),
  fspLoss: (x) => fspLoss([maps(1), maps(2)], [x, maps(3)]),
};

describe("a second derivative throws an error that names the function:", () => {
  const cases = [
    ...Object.entries(ofRows).map(([fn, f]) => [fn, f, () => logitsOf(4, 3, 2)] as const),
    ...Object.entries(ofMaps).map(([fn, f]) => [fn, f, () => maps(4)] as const),
  ];
  test.each(cases)("%s", (fn, f, input) => {
    const first = tf.grad((x) => tf.sum(f(x)));
    const second = tf.grad((x) => tf.sum(tf.square(first(x))));
    expect(() => second(input())).toThrow(`${fn}: second derivatives are not defined`);
  });
});

test("a gradient serves as a constant within another gradient", async () => {
  const slope = tf.grad((x) => kdLoss(teacher(), x));
  const x = logitsOf(4, 3, 2);
  const weights = await slope(x).data();
  // The derivative of ⟨c, x⟩ is c, if c = ∇ kdLoss(y) and y does not depend on x.
  const outer = tf.grad((x) => tf.sum(tf.mul(x, slope(logitsOf(4, 3, 2)))));
  expect(await outer(x).data()).toEqual(weights);
});

test("value, saved tensors and a gradient for each input", async () => {
  const product = (a: tf.Tensor, b: tf.Tensor) =>
    differentiable(
      "product",
      [a, b],
      (a, b) => ({ value: tf.mul(a, b), saved: [a, b] }),
      (dy, a, b) => [tf.mul(dy, b), tf.mul(dy, a)],
    );
  const { value, grads } = valueAndGrads(
    ([a, b]) => product(a!, b!),
    [tf.tensor1d([2, 3]), tf.tensor1d([5, 7])],
  );
  expect(await value.array()).toEqual([10, 21]);
  expect(await Promise.all(grads.map((x) => x.array()))).toEqual([
    [5, 7],
    [2, 3],
  ]);
});

test("sumOf adds scalars, each with its own gradient", async () => {
  const square = (x: tf.Tensor) =>
    scalarLoss(
      "square",
      [x],
      (x) => ({ value: tf.sum<tf.Scalar>(tf.square(x)), saved: [x] }),
      (x) => [tf.mul(x, 2)],
    );
  const total = (xs: tf.Tensor[]) => tf.tidy(() => sumOf("squares", xs.map(square)));
  const xs = [tf.tensor1d([1, 2]), tf.tensor1d([3])];
  const { value, grads } = valueAndGrads((xs) => tf.mul(total(xs), 3), xs);
  expect((await value.data())[0]).toBe(42);
  expect(await Promise.all(grads.map((x) => x.array()))).toEqual([[6, 12], [18]]);
  expectNoLeak(() => total(xs));
  expectNoLeak(() => {
    const { value, grads } = valueAndGrads(total, xs);
    return [value, ...grads];
  });
});
