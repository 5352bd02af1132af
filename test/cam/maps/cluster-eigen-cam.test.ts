import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { clusterEigenCam, eigenCam } from "../../../src/index.ts";
import { expectClose, expectNoLeak } from "../../support.ts";
import { activationsOf, matrixOf } from "../support.ts";

test("projects all positions on one axis, with either Gram matrix the smaller one", async () => {
  for (const [rows, channels] of [
    [15, 5],
    [9, 40],
  ] as const) {
    const { values, projection } = matrixOf(rows, channels, [2, 1.9, 0.1]);
    const maps = tf.tensor4d(values.flat(), [3, 1, rows / 3, channels]);
    await expectClose(clusterEigenCam(maps), { shape: [3, 1, rows / 3], data: projection }, 1e-3);
  }
});

test("equals eigenCam for a single image, also with sums over chunks", {
  tags: "broad",
}, async () => {
  const image = activationsOf([1, 6, 4, 8], 1);
  const expected = { shape: [1, 6, 4], data: [...(await eigenCam(image).data())] };
  await expectClose(clusterEigenCam(image), expected, 1e-3);
  const many = activationsOf([1, 40, 36, 24], 2); // copies have the same axis
  const data = [...(await eigenCam(many).data())];
  const got = clusterEigenCam(tf.tile(many, [33, 1, 1, 1]));
  await expectClose(got, { shape: [33, 40, 36], data: Array(33).fill(data).flat() }, 1e-3);
});

test("is invariant to the order of images, with one sign for all", {
  tags: "broad",
}, async () => {
  const maps = activationsOf([5, 3, 3, 4], 1);
  const cams = clusterEigenCam(maps);
  const expected = [...(await tf.reverse(cams, 0).data())];
  await expectClose(
    clusterEigenCam(tf.reverse(maps, 0)),
    { shape: [5, 3, 3], data: expected },
    1e-3,
  );
  const values = [...(await cams.data())];
  expect(Math.max(...values)).toBeGreaterThan(-Math.min(...values));
  expect(Math.abs(values.reduce((a, b) => a + b))).toBeLessThan(1e-3);
});

test("zeros, equal images, one channel and one pixel", async () => {
  const zero = { shape: [3, 2, 2], data: Array(12).fill(0) };
  await expectClose(clusterEigenCam(tf.zeros([3, 2, 2, 5])), zero);
  await expectClose(clusterEigenCam(tf.ones([3, 2, 2, 20])), zero);
  await expectClose(clusterEigenCam(tf.ones([1, 1, 1, 3])), { shape: [1, 1, 1], data: [0] });
  const channel = tf.tensor4d([1, 2, 3, 10], [4, 1, 1, 1]);
  await expectClose(clusterEigenCam(channel), { shape: [4, 1, 1], data: [-3, -2, -1, 6] });
});

test("leaves no tensor behind, and rejects invalid input", () => {
  for (const k of [3, 100]) {
    const maps = activationsOf([2, 3, 3, k], 1);
    expectNoLeak(() => clusterEigenCam(maps));
  }
  expect(() => clusterEigenCam(tf.ones([2, 3]))).toThrow(
    "clusterEigenCam: activations must be float32 [batch,height,width,channels], got float32 [2,3]",
  );
});
