import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { kdLoss } from "../../../src/index.ts";
import golden from "../../golden/kd.json";
import {
  expectClose,
  expectFiniteWithGradient,
  extremeLogits,
  logitsOf,
  valueAndGrad,
} from "../../support.ts";
import { testGolden, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s, params) => kdLoss(t as tf.Tensor, s as tf.Tensor, params));
testNoLeakOf(kdLoss, () => [[logitsOf(4, 3, 1), logitsOf(4, 3, 2)]]);

test("is 0 for the teacher's logits and nonnegative for others", {
  tags: "broad",
}, async () => {
  const sizes = [fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 9 })] as const;
  const property = fc.asyncProperty(...sizes, fc.nat(1000), async (n, c, seed) => {
    const teacher = logitsOf(n, c, seed);
    const [same] = await kdLoss(teacher, teacher).data();
    const [other] = await kdLoss(teacher, logitsOf(n, c, seed + 1)).data();
    expect(same).toBe(0);
    expect(other).toBeGreaterThanOrEqual(0);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("gives a loss per sample, weighted, and its gradient for any upstream gradient", async () => {
  const [teacher, student] = [logitsOf(4, 3, 1), logitsOf(4, 3, 2)];
  const weights = tf.tensor1d([1, 0, 2, 3]);
  const reduction = tf.Reduction.NONE;
  const samples = valueAndGrad(
    (z) => kdLoss(teacher, z, { reduction, weights }),
    student,
    tf.fill([4], 2),
  );
  const total = valueAndGrad(
    (z) => kdLoss(teacher, z, { reduction: tf.Reduction.SUM, weights }),
    student,
  );
  const twice = tf.mul(total.grad, 2);
  expect(samples.value.shape).toEqual([4]);
  await expectClose(tf.sum(samples.value), { shape: [], data: [...(await total.value.data())] });
  await expectClose(samples.grad, { shape: [4, 3], data: [...(await twice.data())] });
});

test("extreme logits and a batch of 1 stay finite", async () => {
  const rolled = tf.gather(extremeLogits(), [1, 2, 0]);
  for (const [teacher, student] of [
    [extremeLogits(), rolled],
    [tf.tensor2d([[1e4, 0]]), tf.tensor2d([[-1e4, 0]])],
  ] as const) {
    await expectFiniteWithGradient((z) => kdLoss(teacher, z, { temperature: 1 }), student);
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const logits = logitsOf(4, 3, 1);
  expect(() => kdLoss(tf.ones([64, 100]), tf.ones([64, 10]))).toThrow(
    "kdLoss: studentLogits must have the shape of teacherLogits [64,100], got [64,10]",
  );
  expect(() => kdLoss(tf.ones([3]), logits)).toThrow(
    "kdLoss: teacherLogits must be float32 [batch,...,classes], got float32 [3]",
  );
  for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => kdLoss(logits, logits, { temperature })).toThrow(
      `kdLoss: temperature must be a finite number > 0, got ${temperature}`,
    );
  }
});
