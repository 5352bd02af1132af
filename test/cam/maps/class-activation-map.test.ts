import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { expect, test } from "vitest";
import { classActivationMap, gradCam } from "../../../src/index.ts";
import { expectClose, expectFinite, expectNoLeak, labelsOf } from "../../support.ts";
import { activationsOf } from "../support.ts";

const [n, h, w, k, c] = [4, 3, 2, 5, 3] as const;
const activations = () => activationsOf([n, h, w, k], 1);
const kernel = () => tf.randomNormal([k, c], 0, 1, "float32", 2) as tf.Tensor2D;
const labels = () => labelsOf(n, c);

/** Global average pooling and a dense layer. */
const linearHead = (weights: tf.Tensor2D) => (x: tf.Tensor4D) =>
  tf.matMul(tf.mean(x, [1, 2]) as tf.Tensor2D, weights);

test("gives each position's share of the label's logit, from indices and one-hot rows", async () => {
  const [a, weights, y] = [
    await activations().array(),
    await kernel().array(),
    await labels().array(),
  ];
  const data = a.flatMap((map, i) =>
    map.flat().map((pixel) => pixel.reduce((sum, x, j) => sum + x * weights[j]![y[i]!]!, 0)),
  );
  for (const form of [labels(), tf.oneHot(labels(), c)]) {
    await expectClose(classActivationMap(activations(), kernel(), form), {
      shape: [n, h, w],
      data,
    });
  }
});

test("an invalid label gives a map of zeros, and one class and 2100 channels work", async () => {
  const bad = tf.tensor1d([0, -1, c, 1], "int32");
  const most = tf.max(tf.abs(classActivationMap(activations(), kernel(), bad)), [1, 2]);
  const [first, second, third, fourth] = await most.data();
  expect([first! > 0, second, third, fourth! > 0]).toEqual([true, 0, 0, true]);
  const wide = classActivationMap(tf.ones([2, 2, 2, 2100]), tf.ones([2100, 1]), labelsOf(2, 1));
  await expectClose(wide, { shape: [2, 2, 2], data: Array(8).fill(2100) });
});

test("gradCam of pooling and a dense layer is the positive part of the class activation map over its positions", async () => {
  const cams = classActivationMap(activations(), kernel(), labels());
  const data = [...(await tf.relu(cams).data())].map((x) => x / (h * w));
  for (const form of [labels(), tf.oneHot(labels(), c)]) {
    const got = gradCam(activations(), linearHead(kernel()), form);
    await expectClose(got, { shape: [n, h, w], data });
  }
});

test("gradCam of a nonlinear head matches finite differences in float64", async () => {
  const weights = tf.randomNormal([h * w * k, c], 0, 0.5, "float32", 3) as tf.Tensor2D;
  const head = (x: tf.Tensor4D) => tf.matMul(tf.tanh(tf.reshape(x, [n, -1])), weights);
  const [a, kernelRows, y] = [
    await activations().data(),
    await weights.array(),
    await labels().array(),
  ];
  const size = h * w * k;
  const logit = (x: number[], label: number) =>
    x.reduce((sum, value, j) => sum + Math.tanh(value) * kernelRows[j]![label]!, 0);
  const data = y.flatMap((label, i) => {
    const x = [...a.slice(i * size, (i + 1) * size)];
    const moved = (j: number, by: number) => x.map((value, l) => (l === j ? value + by : value));
    const slopes = x.map(
      (_, j) => (logit(moved(j, 1e-5), label) - logit(moved(j, -1e-5), label)) / 2e-5,
    );
    const alpha = Array.from({ length: k }, (_, channel) =>
      slopes.reduce((sum, slope, j) => sum + (j % k === channel ? slope / (h * w) : 0), 0),
    );
    return Array.from({ length: h * w }, (_, s) =>
      Math.max(
        0,
        alpha.reduce((sum, weight, channel) => sum + weight * x[s * k + channel]!, 0),
      ),
    );
  });
  await expectClose(gradCam(activations(), head, labels()), { shape: [n, h, w], data });
});

test("activations of zero and of 1e6 stay finite", async () => {
  for (const maps of [tf.zeros([n, h, w, k]), tf.mul(activations(), 1e6)]) {
    await expectFinite(gradCam(maps, linearHead(kernel()), labels()));
    await expectFinite(classActivationMap(maps, kernel(), labels()));
  }
});

test("leave no tensor behind", () => {
  const [maps, weights, y] = [activations(), kernel(), labels()];
  const oneHot = tf.oneHot(y, c);
  for (const form of [y, oneHot]) {
    expectNoLeak(() => classActivationMap(maps, weights, form));
    expectNoLeak(() => gradCam(maps, linearHead(weights), form));
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const [maps, weights, y] = [activations(), kernel(), labels()];
  const messages: [() => unknown, string][] = [
    [
      () => classActivationMap(tf.ones([2, 3]), weights, y),
      "classActivationMap: activations must be float32 [batch,height,width,channels], got float32 [2,3]",
    ],
    [
      () => classActivationMap(maps, tf.ones([5]), y),
      "classActivationMap: classWeights must be float32 [channels,classes], got float32 [5]",
    ],
    [
      () => classActivationMap(maps, tf.ones([4, 3]), y),
      "classActivationMap: classWeights must have a row for each of the 5 channels of activations [4,3,2,5], got [4,3]",
    ],
    [
      () => classActivationMap(maps, weights, tf.ones([4])),
      "classActivationMap: labels must be int32 class indices [4] or one-hot [4,3], got float32 [4]",
    ],
    [
      () => gradCam(tf.ones([2, 3]), linearHead(weights), y),
      "gradCam: activations must be float32 [batch,height,width,channels], got float32 [2,3]",
    ],
    [() => gradCam(maps, weights as never, y), "gradCam: toLogits must be a function, got object"],
    [
      () => gradCam(maps, (x) => tf.mean(x), y),
      "gradCam: toLogits(activations) must be float32 [batch,classes], got float32 []",
    ],
    [
      () => gradCam(maps, (x) => tf.slice(linearHead(weights)(x), 0, 2), y),
      "gradCam: toLogits(activations) must have the batch of activations [4,3,2,5], got [2,3]",
    ],
    [
      () => gradCam(maps, linearHead(weights), labelsOf(3, 3)),
      "gradCam: labels must be int32 class indices [4] or one-hot [4,3], got int32 [3]",
    ],
  ];
  for (const [call, message] of messages) expect(call).toThrow(message);
  expect(() => gradCam(maps, () => tf.ones([4, 3]), y)).toThrow("Cannot compute gradient");
});
