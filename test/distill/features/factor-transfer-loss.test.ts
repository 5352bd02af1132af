import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { factorTransferLoss } from "../../../src/index.ts";
import golden from "../../golden/factor.json";
import { valueAndGrad } from "../../support.ts";
import { expectAgreement, mapsOf, pooled, rowsOf, shapes, testMapLoss } from "./support.ts";

testMapLoss("factorTransferLoss", factorTransferLoss, golden, {
  names: ["teacherFactors", "studentFactors"],
});

test("pools the larger map along each axis, with overlapping windows", {
  tags: "broad",
}, async () => {
  const factor = (x: number[]) =>
    rowsOf(x, [2, 3, 2, 2]).map((positions) => {
      const means = positions.map(([a, b]) => (a! ** 2 + b! ** 2) / 2);
      return means.map((mean) => mean / Math.hypot(...means));
    });
  const formula = (t: number[], s: number[]) => {
    const target = factor(pooled(t, [2, 7, 2, 2], [3, 2]));
    const own = factor(pooled(s, [2, 3, 5, 2], [3, 2]));
    const errors = own.flatMap((row, n) => row.map((q, i) => Math.abs(q - target[n]![i]!)));
    return errors.reduce((a, b) => a + b) / errors.length;
  };
  await expectAgreement(factorTransferLoss, formula, [2, 7, 2, 2], [2, 3, 5, 2]);
});

test("is 0 for scaled factors of the teacher, and otherwise at most 2/√HW", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(shapes, fc.nat(99), async (shape, seed) => {
    const [teacher, other] = [mapsOf(shape, seed), mapsOf(shape, seed + 1)];
    const [same] = await factorTransferLoss(teacher, tf.mul(teacher, 30)).data();
    expect(same).toBeLessThan(1e-5);
    const [loss] = await factorTransferLoss(teacher, other).data();
    expect(loss).toBeGreaterThanOrEqual(0);
    expect(loss).toBeLessThan(2 / Math.sqrt(shape[1]! * shape[2]!));
  });
  await fc.assert(property, { numRuns: 10 });
});

test("is exactly 0 with gradient 0 for the teacher's factors, and has gradient 0 for a zero map", async () => {
  const teacher = mapsOf([2, 3, 3, 2], 1);
  const { value, grad } = valueAndGrad((s) => factorTransferLoss(teacher, s), teacher);
  expect(await value.data()).toEqual(new Float32Array([0]));
  expect(Math.max(...(await tf.abs(grad).data()))).toBe(0);
  const zero = valueAndGrad((s) => factorTransferLoss(teacher, s), tf.zeros([2, 3, 3, 2]));
  expect(Math.max(...(await tf.abs(zero.grad).data()))).toBe(0);
});
