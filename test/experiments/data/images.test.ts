import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { cropAndFlip } from "../../../experiments/data/augment.ts";
import { type Images, pick, toImageInputs, toInputs } from "../../../experiments/data/images.ts";
import { range } from "../../../experiments/data/order.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Two images of 2×3 in two channels. */
const small: Images = {
  pixels: Uint8Array.from(range(24), (i) => 10 * i),
  labels: Uint8Array.of(4, 7),
  shape: [2, 3, 2],
};

test("pick selects images of any shape", () => {
  const { pixels, labels, shape } = pick(small, [1, 0, 1]);
  expect([...labels]).toEqual([7, 4, 7]);
  expect([...pixels.subarray(0, 3), pixels[12]]).toEqual([120, 130, 140, 0]);
  expect(shape).toBe(small.shape);
});

test("pick rejects places without an image", () => {
  expect(() => pick(small, [0, 2])).toThrow("pick: no image at 2; there are 2");
  expect(() => pick(small, [-1])).toThrow("pick: no image at -1; there are 2");
});

test("toInputs and toImageInputs scale pixels to 0–1", async () => {
  const [flat, shaped] = [toInputs(small, [1]), toImageInputs(small, [1])];
  expect([flat.shape, shaped.shape]).toEqual([
    [1, 12],
    [1, 2, 3, 2],
  ]);
  const values = Float32Array.from(range(12), (i) => (120 + 10 * i) / 255);
  expect(await flat.data()).toEqual(values);
  expect(await shaped.data()).toEqual(values);
});

test("toImageInputs normalizes each channel", async () => {
  const before = tf.memory().numTensors;
  const inputs = toImageInputs(
    { ...small, normalization: { mean: [0.5, 0.25], std: [0.2, 0.1] } },
    [0],
  );
  expect(tf.memory().numTensors).toBe(before + 1);
  const values = await inputs.data();
  const expected = range(12).map((i) =>
    i % 2 === 0 ? ((10 * i) / 255 - 0.5) / 0.2 : ((10 * i) / 255 - 0.25) / 0.1,
  );
  for (const [i, x] of expected.entries()) expect(values[i]).toBeCloseTo(x, 5);
});

describe("cropAndFlip", () => {
  /** Each pixel has its row and its column, from 1, in two channels. */
  const [height, width] = [12, 16];
  const count = 2000;
  const image = range(height * width).flatMap((i) => [1 + Math.floor(i / width), 1 + (i % width)]);
  const images: Images = {
    pixels: Uint8Array.from(range(count).flatMap(() => image)),
    labels: Uint8Array.from(range(count), (i) => i % 10),
    shape: [height, width, 2],
  };
  const all = range(count);
  const one = image.length;

  /** The shift and the flip of each image, read from its middle. */
  const movesOf = ({ pixels }: Images) =>
    all.map((i) => {
      const at = (x: number) => pixels.subarray(i * one + (6 * width + x) * 2);
      const isFlipped = at(7)[1]! > at(8)[1]!;
      const column = isFlipped ? at(width - 1 - 8)[1]! : at(8)[1]!;
      return { down: at(8)[0]! - 7, right: column - 9, isFlipped };
    });

  test("shifts whole images and fills the border with black", () => {
    const moved = cropAndFlip(images, all, "test");
    expect(moved.shape).toEqual(images.shape);
    expect(moved.labels).toEqual(images.labels);
    for (const [i, { down, right, isFlipped }] of movesOf(moved).slice(0, 50).entries()) {
      const expected = range(height * width).flatMap((pixel) => {
        const [y, x] = [Math.floor(pixel / width), pixel % width];
        const row = y + down + 1;
        const column = (isFlipped ? width - 1 - x : x) + right + 1;
        const isWithin = row >= 1 && row <= height && column >= 1 && column <= width;
        return isWithin ? [row, column] : [0, 0];
      });
      expect([...moved.pixels.subarray(i * one, (i + 1) * one)]).toEqual(expected);
    }
  });

  test("shifts by −4 to 4 uniformly, and flips half of the images", () => {
    const moves = movesOf(cropAndFlip(images, all, "test"));
    for (const key of ["down", "right"] as const) {
      const counts = range(9).map((i) => moves.filter((move) => move[key] === i - 4).length);
      expect(counts.reduce((a, b) => a + b)).toBe(count);
      // The expected count is 222, with a standard deviation of 14.
      expect(Math.min(...counts)).toBeGreaterThan(160);
    }
    const flipped = moves.filter(({ isFlipped }) => isFlipped).length;
    expect(Math.abs(flipped / count - 0.5)).toBeLessThan(0.05);
  });

  test("gives the same image under the same name, in any batch", () => {
    const first = cropAndFlip(images, [5, 6, 7], "epoch 1").pixels;
    const alone = cropAndFlip(images, [6], "epoch 1").pixels;
    expect(alone).toEqual(first.subarray(one, 2 * one));
    const again = cropAndFlip(images, [6, 6], "epoch 1", [6, 66]).pixels;
    expect(again.subarray(0, alone.length)).toEqual(alone);
    expect(again.subarray(alone.length)).not.toEqual(alone);
    const other = cropAndFlip(images, [5, 6, 7], "epoch 2").pixels;
    expect(other).not.toEqual(first);
  });
});
