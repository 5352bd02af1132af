import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { attentionTransferLoss } from "../../../src/index.ts";
import golden from "../../golden/attention.json";
import { expectClose, reference, valueAndGrad } from "../../support.ts";
import { expectAgreement, mapsOf, pooled, rowsOf, shapes, testMapLoss } from "./support.ts";

testMapLoss("attentionTransferLoss", attentionTransferLoss, golden, { takesTokens: true });

/** The formula in float64, for maps of a common size. */
function formula(t: number[], s: number[], p: number, [batch, h, w]: [number, number, number]) {
  const attention = (x: number[]) =>
    rowsOf(x, [batch, h, w, x.length / (batch * h * w)]).map((positions) => {
      const means = positions.map(
        (row) => row.reduce((sum, v) => sum + Math.abs(v) ** p, 0) / row.length,
      );
      const norm = Math.hypot(...means);
      return means.map((mean) => mean / norm);
    });
  const target = attention(t);
  const errors = attention(s).flatMap((row, n) => row.map((q, i) => (q - target[n]![i]!) ** 2));
  return errors.reduce((a, b) => a + b) / errors.length;
}

test.each([1, 2, 3, 2.5])(
  "p = %d: value and gradient match the formula",
  { tags: "broad" },
  async (p) => {
    const loss: typeof attentionTransferLoss = (t, s) => attentionTransferLoss(t, s, { p });
    const shape = [2, 3, 2, 3];
    await expectAgreement(loss, (t, s) => formula(t, s, p, [2, 3, 2]), shape, shape);
  },
);

test("pools the larger map along each axis, for any sizes", {
  tags: "broad",
}, async () => {
  const pool = (x: number[], shape: number[]) => pooled(x, shape, [3, 2]);
  for (const [teacher, student] of [
    [
      [2, 3, 2, 3],
      [2, 7, 5, 2],
    ],
    [
      [2, 7, 2, 3],
      [2, 3, 5, 2],
    ],
  ] as const) {
    await expectAgreement(
      attentionTransferLoss,
      (t, s) => formula(pool(t, [...teacher]), pool(s, [...student]), 2, [2, 3, 2]),
      [...teacher],
      [...student],
    );
  }
});

test("is 0 for the teacher's maps, also with channels permuted and samples scaled", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(shapes, fc.nat(99), async (shape, seed) => {
    const [teacher, other] = [mapsOf(shape, seed), mapsOf(shape, seed + 1)];
    const scaled = tf.mul(tf.reverse(teacher, 3), tf.tensor4d([0.01, 30], [2, 1, 1, 1]));
    expect((await attentionTransferLoss(teacher, scaled).data())[0]).toBeLessThan(1e-9);
    const [loss] = await attentionTransferLoss(teacher, other).data();
    const [same] = await attentionTransferLoss(scaled, other).data();
    expect(loss).toBeGreaterThanOrEqual(0);
    expect(same).toBeCloseTo(loss!, 5);
  });
  await fc.assert(property, { numRuns: 10 });
});

test("zero maps have gradient 0, and short ones that of a norm of 1e-12", async () => {
  const teacher = mapsOf([1, 2, 2, 3], 1);
  const zero = valueAndGrad((s) => attentionTransferLoss(teacher, s), tf.zeros([1, 2, 2, 3]));
  expect(Math.max(...(await tf.abs(zero.grad).data()))).toBe(0);
  // a = 1e-16 at the only position, q = 1e-4, L = (q − 1)²: dL/ds = 2 (q − 1) · 2 s · 1e12.
  const [one, short] = [tf.ones([1, 1, 1, 1]), tf.fill([1, 1, 1, 1], 1e-8)];
  const { grad } = valueAndGrad((s) => attentionTransferLoss(one, s), short);
  await expectClose(tf.reshape(grad, []), reference(2 * (1e-4 - 1) * 2 * 1e-8 * 1e12));
});

test("rejects a power below 1", () => {
  const maps = tf.ones([1, 2, 2, 1]);
  expect(() => attentionTransferLoss(maps, maps, { p: 0.5 })).toThrow(
    "attentionTransferLoss: p must be a finite number >= 1, got 0.5",
  );
});
