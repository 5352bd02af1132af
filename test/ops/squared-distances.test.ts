import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";
import { squaredDistances } from "../../src/ops/squared-distances.ts";
import { expectClose, expectNoLeak } from "../support.ts";

const squares = (rows: number[][]) =>
  rows.flatMap((a) => rows.map((b) => a.reduce((sum, x, d) => sum + (x - b[d]!) ** 2, 0)));

// 20,000 columns of 9 rows are subtracted in several blocks.
test.each([[[1, 3]], [[5, 4]], [[9, 20_000]]])("squaredDistances of %j", async ([n, d]) => {
  const x: tf.Tensor2D = tf.randomNormal([n!, d!], 0, 1, "float32", 1);
  await expectClose(squaredDistances(x), { shape: [n!, n!], data: squares(await x.array()) });
  expectNoLeak(() => squaredDistances(x));
});

test("rows that are near each other keep all digits", async () => {
  const rows = [3, 3 + 2 ** -20, 3 - 2 ** -18].map((x) => [x, 1000]);
  const distances = await squaredDistances(tf.tensor2d(rows)).data();
  for (const [i, expected] of squares(rows).entries()) {
    const bound = inject("backend").tolerance * expected;
    expect(Math.abs(distances[i]! - expected)).toBeLessThanOrEqual(bound);
  }
});
