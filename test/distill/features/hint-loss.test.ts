import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hintLoss } from "../../../src/index.ts";
import golden from "../../golden/hint.json";
import { expectClose, reference, valueAndGrad } from "../../support.ts";
import { testGolden } from "../support.ts";
import {
  mapsOf,
  testDegenerateMaps,
  testEqualShapeErrors,
  testNoLeak,
  testSumOfLayers,
} from "./support.ts";

const names: [string, string] = ["teacherFeatures", "studentFeatures"];

testGolden(golden, hintLoss);
testSumOfLayers(hintLoss, [
  [
    [2, 3, 3, 2],
    [2, 3, 3, 2],
  ],
  [
    [3, 4],
    [3, 4],
  ],
]);
testDegenerateMaps(hintLoss);
testNoLeak(hintLoss, [2, 3, 3, 2], [2, 3, 3, 2]);
testEqualShapeErrors("hintLoss", hintLoss, names);

test("equals d² for a constant difference d, for features of any rank", {
  tags: "broad",
}, async () => {
  const shapes = fc.constantFrom<number[]>([3, 2], [2, 3, 2], [2, 1, 3, 2, 2]);
  const property = fc.asyncProperty(shapes, fc.integer({ min: -9, max: 9 }), async (shape, d) => {
    const teacher = mapsOf(shape, 1);
    const { value, grad } = valueAndGrad((s) => hintLoss(teacher, s), tf.add(teacher, d));
    await expectClose(value, reference(d * d));
    await expectClose(tf.sum(grad), reference(2 * d));
    expect(grad.shape).toEqual(shape);
  });
  await fc.assert(property, { numRuns: 10 });
});
