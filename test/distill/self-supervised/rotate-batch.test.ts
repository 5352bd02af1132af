import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { jointLabels, rotateBatch } from "../../../src/index.ts";
import { expectNoLeak } from "../../support.ts";

const quarterTurn = (images: tf.Tensor) => {
  const [n, size, , channels] = images.shape as [number, number, number, number];
  const rotated = tf.reshape(rotateBatch(images), [n, 4, size * size * channels]);
  return tf.reshape(tf.slice(rotated, [0, 1, 0], [n, 1, -1]), images.shape);
};

test("turns counter-clockwise by 0, 90, 180 and 270°, the rotations of an image adjacent", async () => {
  for (const dtype of ["float32", "int32"] as const) {
    const images = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1], dtype);
    const rotated = rotateBatch(images);
    expect(rotated.dtype).toBe(dtype);
    expect(rotated.shape).toEqual([8, 2, 2, 1]);
    expect(await tf.reshape(rotated, [8, 4]).array()).toEqual([
      [1, 2, 3, 4],
      [2, 4, 1, 3],
      [4, 3, 2, 1],
      [3, 1, 4, 2],
      [5, 6, 7, 8],
      [6, 8, 5, 7],
      [8, 7, 6, 5],
      [7, 5, 8, 6],
    ]);
  }
});

test("four quarter turns restore the image, and one to three are its rotations", {
  tags: "broad",
}, async () => {
  const [size, few] = [fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })];
  const property = fc.asyncProperty(few, size, few, fc.nat(1000), async (n, s, c, seed) => {
    const images = tf.randomNormal([n, s, s, c], 0, 1, "float32", seed);
    const turns: tf.Tensor[] = [images];
    for (let i = 0; i < 4; i++) turns.push(quarterTurn(turns[i]!));
    const flat = turns.map((x) => tf.reshape(x, [n, 1, s * s * c]));
    const all = tf.reshape(tf.concat(flat.slice(0, 4), 1), [4 * n, s, s, c]);
    expect(await rotateBatch(images).data()).toEqual(await all.data());
    expect(await turns[4]!.data()).toEqual(await images.data());
  });
  await fc.assert(property, { numRuns: 6 });
});

test("joint labels are 4 · label + rotation, from indices and from one-hot rows", async () => {
  const indices = tf.tensor1d([2, 0, 1], "int32");
  const joint = jointLabels(indices);
  expect(joint.dtype).toBe("int32");
  expect(await joint.array()).toEqual([8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7]);
  for (const dtype of ["float32", "int32", "bool"] as const) {
    const rows = jointLabels(tf.cast(tf.oneHot(indices, 3), dtype));
    expect(rows.dtype).toBe("float32");
    expect(await rows.array()).toEqual(await tf.oneHot(joint, 12).array());
  }
});

test("leaves no tensor behind", () => {
  const indices = tf.tensor1d([2, 0, 1], "int32");
  const rows = tf.oneHot(indices, 3);
  const images = tf.ones([2, 3, 3, 1]);
  expectNoLeak(() => rotateBatch(images));
  expectNoLeak(() => jointLabels(indices));
  expectNoLeak(() => jointLabels(rows));
});

test("rejects invalid input, naming expected and actual", () => {
  expect(() => rotateBatch(tf.ones([2, 3, 4, 1]))).toThrow(
    "rotateBatch: images must be square images [batch,size,size,channels], got float32 [2,3,4,1]",
  );
  expect(() => rotateBatch(tf.ones([3, 3, 1]))).toThrow("rotateBatch: images must be square");
  expect(() => jointLabels(tf.tensor1d([1, 2]))).toThrow(
    "jointLabels: labels must be int32 class indices [batch] or one-hot [batch,classes], got float32 [2]",
  );
});
