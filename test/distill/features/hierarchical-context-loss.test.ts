import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hierarchicalContextLoss } from "../../../src/index.ts";
import golden from "../../golden/hcl.json";
import { expectClose, reference, valueAndGrad } from "../../support.ts";
import { testGolden } from "../support.ts";
import {
  expectAgreement,
  mapsOf,
  pooled,
  testDegenerateMaps,
  testEqualShapeErrors,
  testNoLeak,
  testSumOfLayers,
} from "./support.ts";

testGolden(golden, hierarchicalContextLoss);
testSumOfLayers(hierarchicalContextLoss, [
  [
    [2, 6, 6, 3],
    [2, 6, 6, 3],
  ],
  [
    [2, 1, 1, 5],
    [2, 1, 1, 5],
  ],
]);
testDegenerateMaps(hierarchicalContextLoss);
testNoLeak(hierarchicalContextLoss, [2, 5, 5, 2], [2, 5, 5, 2]);
testEqualShapeErrors("hierarchicalContextLoss", hierarchicalContextLoss);

test.each([
  ["pools 7×5 to all levels", [1, 7, 5, 2], [[7, 5], [4, 4], [2, 2], [1, 1]]], // biome-ignore format: one line
  ["pools 4×4 to levels 2 and 1", [2, 4, 4, 1], [[4, 4], [2, 2], [1, 1]]], // biome-ignore format: one line
  ["pools 6×3, narrower than the first level", [1, 6, 3, 2], [[6, 3], [4, 3], [2, 2], [1, 1]]], // biome-ignore format: one line
  ["pools 1×3, a single row", [2, 1, 3, 2], [[1, 3], [1, 2], [1, 1]]], // biome-ignore format: one line
] as [string, number[], [number, number][]][])("%s", { tags: "broad" }, async (_, shape, sizes) => {
  const formula = (t: number[], s: number[]) => {
    const difference = s.map((value, i) => value - t[i]!);
    const errors = sizes.map((size, k) => {
      const squares = pooled(difference, shape, size).map((d) => d ** 2 / 2 ** k);
      return squares.reduce((a, b) => a + b) / squares.length;
    });
    return errors.reduce((a, b) => a + b) / sizes.reduce((sum, _, k) => sum + 2 ** -k, 0);
  };
  await expectAgreement(hierarchicalContextLoss, formula, shape, shape);
});

test("equals d² for a constant difference d, for any levels", { tags: "broad" }, async () => {
  const size = fc.constantFrom(1, 3, 6);
  const difference = fc.integer({ min: -9, max: 9 });
  const property = fc.asyncProperty(size, size, difference, async (h, w, d) => {
    const teacher = mapsOf([2, h, w, 2], 1);
    const loss = (s: tf.Tensor) => hierarchicalContextLoss(teacher, s);
    const { value, grad } = valueAndGrad(loss, tf.add(teacher, d));
    await expectClose(value, reference(d * d));
    await expectClose(tf.sum(grad), reference(2 * d));
  });
  await fc.assert(property, { numRuns: 10 });
});

test("rejects maps without height and width", () => {
  expect(() => hierarchicalContextLoss(tf.ones([2, 3]), tf.ones([2, 3]))).toThrow(
    "hierarchicalContextLoss: teacherMaps must be float32 [batch,height,width,channels], got float32 [2,3]",
  );
  expect(() => hierarchicalContextLoss(tf.ones([2, 9, 3]), tf.ones([2, 9, 3]))).toThrow(
    "hierarchicalContextLoss: teacherMaps must be float32 [batch,height,width,channels], got float32 [2,9,3]; reshape tokens of a grid to this, without class token",
  );
});
