import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binaryKdLoss, kdLoss } from "../../../src/index.ts";
import golden from "../../golden/binary_kd.json";
import {
  expectClose,
  expectFiniteWithGradient,
  extremeLogits,
  logitsOf,
  reference,
  valueAndGrad,
} from "../../support.ts";
import { testGolden, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s, params) => binaryKdLoss(t as tf.Tensor, s as tf.Tensor, params));
testNoLeakOf(binaryKdLoss, () => [[logitsOf(4, 3, 1), logitsOf(4, 3, 2)]]);

test("is 0 for the teacher's logits and nonnegative for others", {
  tags: "broad",
}, async () => {
  const sizes = [fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })] as const;
  const property = fc.asyncProperty(...sizes, fc.nat(1000), async (n, k, seed) => {
    const teacher = logitsOf(n, k, seed);
    const [same] = await binaryKdLoss(teacher, teacher).data();
    const [other] = await binaryKdLoss(teacher, logitsOf(n, k, seed + 1)).data();
    expect(same).toBe(0);
    expect(other).toBeGreaterThanOrEqual(0);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("a single logit is a class against a logit of 0", async () => {
  const [teacher, student] = [logitsOf(5, 1, 1), logitsOf(5, 1, 2)];
  const pair = (z: tf.Tensor) => tf.concat([z, tf.zerosLike(z)], 1);
  const options = { temperature: 2, reduction: tf.Reduction.NONE } as const;
  const expected = await kdLoss(pair(teacher), pair(student), options).data();
  await expectClose(binaryKdLoss(teacher, student, options), reference([...expected]));
});

/** The divergence by its Taylor series about equal logits, of any degree of saturation. */
function closeDivergence(t: number, d: number): number {
  const w = 1 / (2 + Math.exp(t) + Math.exp(-t));
  const slant = Math.tanh(-t / 2);
  return w * d * d * (1 / 2 + (slant * d) / 6 + ((1 - 6 * w) * d * d) / 24);
}

describe("keeps its digits", () => {
  test.each([-60, -20, -9, -1, 0, 3, 12, 30])("near a teacher's logit of %d", async (t) => {
    for (const d of [1 / 8, -1 / 64, 2 ** -10]) {
      const { value, grad } = valueAndGrad(
        (s) => binaryKdLoss(tf.tensor2d([[t]]), s),
        tf.tensor2d([[t + d]]),
      );
      await expectClose(tf.mul(value, 1e6), reference(1e6 * closeDivergence(t, d)));
      const w = 1 / (2 + Math.exp(t) + Math.exp(-t));
      const far = 1 / (1 + Math.exp(-t - d)) - 1 / (1 + Math.exp(-t));
      if (w > 1e-6 && Math.abs(d) > 0.1) await expectClose(grad, { shape: [1, 1], data: [far] });
    }
  });

  test("where teacher or student is certain", async () => {
    const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    const pairs = [
      [40, 0],
      [0, 40],
      [-30, 30],
      [100, -100],
      [12, 9],
      [-8, -6],
    ] as const;
    for (const [t, s] of pairs) {
      const p = 1 / (1 + Math.exp(-t));
      const yes = p * (softplus(-s) - softplus(-t));
      const no = (softplus(s) - softplus(t)) / (1 + Math.exp(t));
      const loss = binaryKdLoss(tf.tensor2d([[t]]), tf.tensor2d([[s]]));
      await expectClose(loss, reference(yes + no));
    }
  });

  test("at a high temperature, where it approaches a quarter of half the squared difference", async () => {
    const [teacher, student] = [tf.tensor2d([[1, -2]]), tf.tensor2d([[2, 0]])];
    const loss = binaryKdLoss(teacher, student, { temperature: 1e4 });
    await expectClose(loss, reference((1 + 4) / 2 / 8));
  });
});

test("gives a loss per sample, weighted, and its gradient for any upstream gradient", async () => {
  const [teacher, student] = [logitsOf(4, 3, 1), logitsOf(4, 3, 2)];
  const weights = tf.tensor1d([1, 0, 2, 3]);
  const reduction = tf.Reduction.NONE;
  const samples = valueAndGrad(
    (z) => binaryKdLoss(teacher, z, { reduction, weights }),
    student,
    tf.fill([4], 2),
  );
  const total = valueAndGrad(
    (z) => binaryKdLoss(teacher, z, { reduction: tf.Reduction.SUM, weights }),
    student,
  );
  expect(samples.value.shape).toEqual([4]);
  await expectClose(tf.sum(samples.value), reference((await total.value.data())[0]!));
  const twice = [...(await tf.mul(total.grad, 2).data())];
  await expectClose(samples.grad, { shape: [4, 3], data: twice });
});

test("extreme logits and a batch of 1 stay finite", async () => {
  const rolled = tf.gather(extremeLogits(), [1, 2, 0]);
  for (const [teacher, student] of [
    [extremeLogits(), rolled],
    [tf.tensor2d([[1e4]]), tf.tensor2d([[-1e4]])],
  ] as const) {
    await expectFiniteWithGradient((z) => binaryKdLoss(teacher, z), student);
  }
});

test("a teacher's logit of ±∞ is a certain label", async () => {
  const { POSITIVE_INFINITY, NEGATIVE_INFINITY } = Number;
  const teacher = tf.tensor2d([[POSITIVE_INFINITY, NEGATIVE_INFINITY, NEGATIVE_INFINITY]]);
  const student = tf.tensor2d([[0, 1, NEGATIVE_INFINITY]]);
  const { value, grad } = valueAndGrad((z) => binaryKdLoss(teacher, z), student);
  await expectClose(value, reference((Math.LN2 + Math.log1p(Math.E)) / 3));
  await expectClose(grad, reference([[-1 / 6, 1 / (1 + Math.exp(-1)) / 3, 0]]));
});

test("rejects invalid input, naming expected and actual", () => {
  const logits = logitsOf(4, 3, 1);
  expect(() => binaryKdLoss(tf.ones([64, 80]), tf.ones([64, 8]))).toThrow(
    "binaryKdLoss: studentLogits must have the shape of teacherLogits [64,80], got [64,8]",
  );
  expect(() => binaryKdLoss(tf.ones([3]), logits)).toThrow(
    "binaryKdLoss: teacherLogits must be float32 [batch,...,labels], got float32 [3]",
  );
  expect(() => binaryKdLoss(logits, tf.cast(logits, "int32"))).toThrow(
    "binaryKdLoss: studentLogits must be float32 [4,3], got int32 [4,3]",
  );
  for (const temperature of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => binaryKdLoss(logits, logits, { temperature })).toThrow(
      `binaryKdLoss: temperature must be a finite number > 0, got ${temperature}`,
    );
  }
});
