import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Arms, angleLosses } from "../../src/ops/angle-losses.ts";
import { squaredDistances, squaredSums } from "../../src/ops/squared-distances.ts";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, on, random } from "./support.ts";

beforeAll(registerTrainingKernels);

const matrix = (rows: number, columns: number, seed: number) =>
  random([rows, columns], seed) as tf.Tensor2D;

/** Symmetric matrices, as those of distances are. */
function arms(n: number, seed: number): Arms {
  const symmetric = (seed: number) => {
    const x = matrix(n, n, seed);
    return tf.add(x, tf.transpose(x)) as tf.Tensor2D;
  };
  return { centres: symmetric(seed), rest: symmetric(seed + 1), z: symmetric(seed + 2) };
}

function angles(n: number) {
  const { loss, p, t, opposite } = angleLosses(arms(n, 1), arms(n, 4));
  return tf.concat([loss, p, t, opposite].map((x) => tf.reshape(x, [-1])));
}

describe.each([
  ["squaredDistances", squaredDistances],
  ["squaredSums", squaredSums],
])("%s", (_, op) => {
  test.each([
    [1, 1],
    [2, 3],
    [5, 16],
    [7, 273],
    [33, 15],
    [3, 4099],
  ])("[%i, %i]", async (rows, columns) => {
    await expectSameAsCpu(() => op(matrix(rows, columns, 1)));
  });

  test("any size", async () => {
    const size = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(size, size, async (rows, columns) => {
        await expectSameAsCpu(() => op(matrix(rows, columns, 1)));
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  test("NaN stays in its pairs", async () => {
    const { values } = await on("wasm", () => {
      const x = matrix(4, 5, 1);
      const hole = tf.tensor2d([[0, 0, Number.NaN, 0, 0]]);
      return op(tf.concat([x, hole], 0) as tf.Tensor2D);
    });
    const isNaNAt = (i: number, j: number) => Number.isNaN(values[5 * i + j]);
    expect([isNaNAt(0, 4), isNaNAt(4, 1), isNaNAt(4, 4)]).toEqual([true, true, true]);
    expect([isNaNAt(0, 1), isNaNAt(3, 3)]).toEqual([false, false]);
  });
});

describe("angleLosses", () => {
  test.each([1, 2, 3, 4, 5, 16, 17, 33, 66])("of %i samples", async (n) => {
    await expectSameAsCpu(() => angles(n));
  });
});

test("both read and write the right memory after it has grown", async () => {
  await expectSameAsCpu(() => {
    const x = matrix(9, 6, 1);
    const large = tf.zeros([2 ** 24]);
    const [distances, compared] = [squaredDistances(x), angles(9)];
    large.dispose();
    return tf.concat([tf.reshape(distances, [-1]), compared]);
  });
});
