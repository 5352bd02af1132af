import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nstLoss } from "../../../src/index.ts";
import golden from "../../golden/nst.json";
import { expectClose, reference, valueAndGrad } from "../../support.ts";
import {
  expectAgreement,
  mapsOf,
  pooled,
  rowsOf,
  shapes,
  testMapLoss,
  testNoLeak,
} from "./support.ts";

testMapLoss("nstLoss", nstLoss, golden, { takesTokens: true });
testNoLeak(nstLoss, [2, 2, 2, 3], [2, 3, 3, 4]);

/** The mean of ⟨a_c, b_d⟩² over all channels c of a and d of b, both [positions][channels]. */
function meanKernel(a: number[][], b: number[][]): number {
  const unit = (x: number[][], c: number) => {
    const column = x.map((row) => row[c]!);
    return column.map((value) => value / Math.hypot(...column));
  };
  const kernels = a[0]!.flatMap((_, c) =>
    b[0]!.map((_, d) => {
      const [u, v] = [unit(a, c), unit(b, d)];
      return u.reduce((sum, value, p) => sum + value * v[p]!, 0) ** 2;
    }),
  );
  return kernels.reduce((x, y) => x + y) / kernels.length;
}

test.each([
  ["more positions than channels", [2, 3, 3, 2], [2, 3, 3, 3]],
  ["fewer positions than channels", [2, 2, 1, 3], [2, 2, 1, 4]],
  ["fewer positions than channels of both, more than of each", [2, 2, 2, 3], [2, 2, 2, 2]],
  ["a larger student", [2, 3, 2, 3], [2, 7, 5, 2]],
  ["a taller teacher and a wider student", [2, 7, 2, 5], [2, 3, 5, 4]],
])("with %s it matches the definition", { tags: "broad" }, async (_, teacher, student) => {
  const size: [number, number] = [
    Math.min(teacher[1]!, student[1]!),
    Math.min(teacher[2]!, student[2]!),
  ];
  const at = (x: number[], shape: number[]) =>
    rowsOf(pooled(x, shape, size), [2, ...size, shape[3]!]);
  const formula = (t: number[], s: number[]) => {
    const [a, b] = [at(t, teacher), at(s, student)];
    const perSample = a.map(
      (x, n) => meanKernel(x, x) + meanKernel(b[n]!, b[n]!) - 2 * meanKernel(x, b[n]!),
    );
    return (perSample[0]! + perSample[1]!) / 2;
  };
  await expectAgreement(nstLoss, formula, teacher, student);
});

test("is 0 for the teacher's channels permuted, scaled or doubled, and nonnegative", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(shapes, fc.nat(99), async (shape, seed) => {
    const [teacher, other] = [mapsOf(shape, seed), mapsOf(shape, seed + 1)];
    const permuted = tf.mul(tf.reverse(teacher, 3), -3);
    const doubled = tf.concat([teacher, permuted], 3);
    for (const same of [teacher, permuted, doubled]) {
      expect(Math.abs((await nstLoss(teacher, same).data())[0]!)).toBeLessThan(1e-5);
    }
    const [loss] = await nstLoss(teacher, other).data();
    expect(loss).toBeGreaterThan(-1e-5);
    await expectClose(nstLoss(permuted, other), reference(loss!), 1e-3);
  });
  await fc.assert(property, { numRuns: 8 });
});

test("zero maps have gradient 0, and short channels that of a norm of 1e-12", async () => {
  // One channel at one position: u = s / max(|s|, 1e-12), L = (u² − 1)².
  const one = tf.ones([1, 1, 1, 1]);
  const short = valueAndGrad((s) => nstLoss(one, s), tf.fill([1, 1, 1, 1], 2e-13));
  await expectClose(short.value, reference((0.04 - 1) ** 2));
  await expectClose(tf.reshape(short.grad, []), reference(4 * 0.2 * (0.04 - 1) * 1e12));
  // The same through the Gram matrices of channels, with further positions of 0.
  const [pair, shortPair] = [tf.tensor4d([1, 0, 0], [1, 3, 1, 1]), tf.tensor4d([2e-13, 0, 0], [1, 3, 1, 1])]; // biome-ignore format: one line
  const wide = valueAndGrad((s) => nstLoss(pair, s), shortPair);
  await expectClose(wide.value, reference((0.04 - 1) ** 2));
  await expectClose(tf.max(tf.abs(wide.grad)), reference(4 * 0.2 * (1 - 0.04) * 1e12));
  for (const shape of [
    [2, 3, 3, 2],
    [2, 1, 1, 2],
  ]) {
    // biome-ignore format: one line
    const teacher = mapsOf(shape, 1);
    const { grad } = valueAndGrad((s) => nstLoss(teacher, s), tf.zeros(shape));
    expect(Math.max(...(await tf.abs(grad).data()))).toBe(0);
  }
});
