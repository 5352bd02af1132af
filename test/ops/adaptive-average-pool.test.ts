import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commonSize } from "../../src/distill/features/pooled-positions.ts";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
} from "../../src/ops/adaptive-average-pool.ts";
import { expectClose } from "../support.ts";

/** x[h, w] = h² + 100 w² in one channel and its negative in another. */
function squares(height: number, width: number): tf.Tensor4D {
  const square = (size: number) => tf.square(tf.range(0, size));
  const plane = tf.add(tf.reshape(square(height), [-1, 1]), tf.mul(square(width), 100));
  return tf.reshape(tf.stack([plane, tf.neg(plane)], 2), [1, height, width, 2]);
}

const expected = (rows: number[], columns: number[]) => ({
  shape: [1, rows.length, columns.length, 2],
  data: rows.flatMap((h) => columns.flatMap((w) => [h + 100 * w, -h - 100 * w])),
});

// Windows 0–2, 2–4, 4–6 of seven, 0–2, 2–4 of five and 0–1, 2–3 of four.
const SEVEN_TO_THREE = [5 / 3, 29 / 3, 77 / 3];
const FIVE_TO_TWO = [5 / 3, 29 / 3];
const FOUR_TO_TWO = [1 / 2, 13 / 2];

test("pools 7×5 to 3×2 with overlapping windows", async () => {
  await expectClose(
    adaptiveAveragePool(squares(7, 5), [3, 2]),
    expected(SEVEN_TO_THREE, FIVE_TO_TWO),
  );
});

test("one axis is divided evenly, kept or enlarged, the other not divided evenly", async () => {
  const pool = adaptiveAveragePool;
  await expectClose(pool(squares(4, 5), [2, 2]), expected(FOUR_TO_TWO, FIVE_TO_TWO));
  await expectClose(pool(squares(2, 5), [2, 2]), expected([0, 1], FIVE_TO_TWO));
  await expectClose(pool(squares(7, 2), [3, 4]), expected(SEVEN_TO_THREE, [0, 0, 1, 1]));
});

test("sizes that divide evenly, and equal sizes", async () => {
  const maps = squares(4, 4);
  await expectClose(adaptiveAveragePool(maps, [2, 1]), expected(FOUR_TO_TWO, [7 / 2]));
  expect(adaptiveAveragePool(maps, [4, 4])).toBe(maps);
  expect(adaptiveAveragePoolGradient(maps, maps.shape)).toBe(maps);
});

test("the gradient is the adjoint: ⟨Pool x, y⟩ = ⟨x, Poolᵀ y⟩", { tags: "broad" }, async () => {
  // Both axes shrink, one shrinks by a whole factor, one keeps its size, both shrink by whole factors.
  const sizes = fc.constantFrom([7, 5, 3, 2], [8, 7, 4, 9], [9, 5, 2, 5], [6, 9, 2, 3]);
  const property = fc.asyncProperty(sizes, fc.nat(99), async (size, seed) => {
    const [h, w, height, width] = size as [number, number, number, number];
    const x = tf.randomNormal([2, h, w, 3], 0, 1, "float32", seed) as tf.Tensor4D;
    const other = tf.zeros([2, height, width, 3]) as tf.Tensor4D;
    const small = commonSize(x, other);
    const y = tf.randomNormal([2, ...small, 3], 0, 1, "float32", seed + 1) as tf.Tensor4D;
    const back = adaptiveAveragePoolGradient(y, x.shape);
    expect(back.shape).toEqual(x.shape);
    const [left] = await tf.sum(tf.mul(adaptiveAveragePool(x, small), y)).data();
    const [right] = await tf.sum(tf.mul(x, back)).data();
    expect(left).toBeCloseTo(right!, 3);
  });
  await fc.assert(property, { numRuns: 15 });
});
