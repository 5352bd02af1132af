import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { l2Normalize } from "../../../src/index.ts";
import { expectClose, expectFinite, expectNoLeak, reference, valueAndGrad } from "../../support.ts";

test("value and gradient of a row", async () => {
  const dy = tf.tensor2d([[1, 2]]);
  const { value, grad } = valueAndGrad(l2Normalize, tf.tensor2d([[3, 4]]), dy);
  await expectClose(value, reference([[0.6, 0.8]]));
  await expectClose(grad, reference([[(1 - 0.6 * 2.2) / 5, (2 - 0.8 * 2.2) / 5]]));
});

test("rows have length 1 and gradients orthogonal to them", { tags: "broad" }, async () => {
  const property = fc.asyncProperty(
    fc.nat(1000),
    fc.integer({ min: 1, max: 6 }),
    async (seed, dim) => {
      const [x, dy] = [0, 1].map((i) =>
        tf.randomNormal([3, dim], 0, 5, "float32", 2 * seed + i + 1),
      );
      const { value, grad } = valueAndGrad(l2Normalize, x!, dy);
      await expectClose(tf.sum(tf.square(value), 1), reference([1, 1, 1]));
      const along = await tf.sum(tf.mul(value, grad), 1).data();
      for (const product of along) expect(Math.abs(product)).toBeLessThan(1e-4);
    },
  );
  await fc.assert(property, { numRuns: 15 });
});

test("a row of zeros stays zero without gradient, and tiny and huge rows are scaled", async () => {
  const x = tf.tensor2d([
    [0, 0],
    [3e-30, 4e-30],
    [3e30, -4e30],
  ]);
  const { value, grad } = valueAndGrad(l2Normalize, x);
  await expectClose(
    value,
    reference([
      [0, 0],
      [0.6, 0.8],
      [0.6, -0.8],
    ]),
  );
  await expectFinite(grad);
  expect([...(await grad.data())].slice(0, 2)).toEqual([0, 0]);
});

test("leaves no tensor behind, with and without gradient", () => {
  const x = tf.tensor2d([[3, 4]]);
  expectNoLeak(() => l2Normalize(x));
  expectNoLeak(() => Object.values(valueAndGrad(l2Normalize, x)));
});

test("rejects invalid input, naming expected and actual", () => {
  expect(() => l2Normalize(tf.ones([3]))).toThrow(
    "l2Normalize: x must be float32 [batch,dim], got float32 [3]",
  );
});
