import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { activationBoundaryLoss } from "../../../src/index.ts";
import golden from "../../golden/activation_boundary.json";
import { expectClose, type Golden, reference, toTensor, valueAndGrad } from "../../support.ts";
import { testGolden } from "../support.ts";
import {
  expectAgreement,
  mapsOf,
  testDegenerateMaps,
  testEqualShapeErrors,
  testNoLeak,
} from "./support.ts";

testGolden(golden, activationBoundaryLoss);
testDegenerateMaps(activationBoundaryLoss);
testNoLeak(activationBoundaryLoss, [2, 3, 3, 2], [2, 3, 3, 2]);
testEqualShapeErrors("activationBoundaryLoss", activationBoundaryLoss, [
  "teacherFeatures",
  "studentFeatures",
]);

test("the last layer has weight 1, the layer before it 1/2", async () => {
  const { params, inputs, outputs } = (golden as unknown as Golden).cases[0]!;
  for (const [layer, weight] of [
    [0, 0.5],
    [1, 1],
  ] as const) {
    const [teacher, student] = ["teacher", "student"].map((key) => toTensor(inputs[key + layer]!));
    const single = activationBoundaryLoss(teacher!, student!, params);
    await expectClose(tf.mul(single, weight), outputs[`layer${layer}`]!);
  }
});

test.each([0, 0.5, 2])(
  "is a squared hinge with margin %d, also for rank 2",
  { tags: "broad" },
  async (margin) => {
    const formula = (t: number[], s: number[]) => {
      const violations = s.map((x, i) => Math.max(0, t[i]! > 0 ? margin - x : margin + x));
      return violations.reduce((sum, v) => sum + v * v, 0) * (0.003 / 4);
    };
    const loss: typeof activationBoundaryLoss = (t, s) => activationBoundaryLoss(t, s, { margin });
    await expectAgreement(loss, formula, [4, 5], [4, 5]);
  },
);

test("is 0 with gradient 0 if the student is beyond the margin on the teacher's side", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 0, max: 3 }), fc.nat(99), async (m, seed) => {
    const teacher = mapsOf([3, 4], seed);
    const beyond = tf.mul(tf.sign(teacher), m + 0.5);
    const loss = (s: tf.Tensor) => activationBoundaryLoss(teacher, s, { margin: m });
    const { value, grad } = valueAndGrad(loss, beyond);
    await expectClose(value, reference(0));
    expect(Math.max(...(await tf.abs(grad).data()))).toBe(0);
    const [wrong] = await loss(tf.neg(beyond)).data();
    expect(wrong).toBeCloseTo((0.003 / 3) * 12 * (2 * m + 0.5) ** 2, 4);
  });
  await fc.assert(property, { numRuns: 8 });
});

test("counts a teacher's 0 as inactive", async () => {
  const loss = activationBoundaryLoss(tf.zeros([1, 1]), tf.tensor2d([[-1]]));
  await expectClose(loss, reference(0));
});

test("rejects a negative margin", () => {
  const maps = tf.ones([1, 2]);
  expect(() => activationBoundaryLoss(maps, maps, { margin: -1 })).toThrow(
    "activationBoundaryLoss: margin must be a finite number >= 0, got -1",
  );
});
