import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { expect, test } from "vitest";
import { resizeNearest } from "../../src/ops/resize-nearest.ts";
import { expectClose, valueAndGrad } from "../support.ts";

test.each([
  [4, 6],
  [1, 2],
  [3, 3],
])("value and gradient of two maps of 2×3 at %i×%i", async (height, width) => {
  const x = tf.randomNormal<tf.Rank.R4>([2, 2, 3, 2], 0, 1, "float32", 1);
  const dy = tf.randomNormal([2, height, width, 2], 0, 1, "float32", 2);
  const [maps, slopes] = [await x.array(), await dy.array()] as number[][][][][];
  const place = (i: number, j: number) => [
    Math.floor((i * 2) / height),
    Math.floor((j * 3) / width),
  ];
  const grads = maps!.map((map) => map.map((row) => row.map((position) => position.map(() => 0))));
  const values: number[] = [];
  for (let n = 0; n < 2; n++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const [h, w] = place(i, j) as [number, number];
        for (let c = 0; c < 2; c++) {
          values.push(maps![n]![h]![w]![c]!);
          grads[n]![h]![w]![c]! += slopes![n]![i]![j]![c]!;
        }
      }
    }
  }
  const { value, grad } = valueAndGrad(
    (y) => resizeNearest(y as tf.Tensor4D, height, width),
    x,
    dy,
  );
  expect(value.shape).toEqual([2, height, width, 2]);
  await expectClose(value, { shape: value.shape, data: values });
  await expectClose(grad, { shape: x.shape, data: grads.flat(3) });
});
