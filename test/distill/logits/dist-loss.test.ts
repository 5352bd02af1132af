import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { distLoss } from "../../../src/index.ts";
import golden from "../../golden/dist.json";
import { expectFiniteWithGradient, extremeLogits, logitsOf, valueAndGrad } from "../../support.ts";
import { testGolden, testNoLeakOf } from "../support.ts";

testGolden(golden, (t, s, params) => distLoss(t as tf.Tensor, s as tf.Tensor, params));
testNoLeakOf(distLoss, () => [[logitsOf(4, 3, 1), logitsOf(4, 3, 2)]]);

test("the gradient matches finite differences, for any weights and temperature", async () => {
  const [teacher, student] = [logitsOf(4, 3, 1), logitsOf(4, 3, 2)];
  const options = { beta: 0.7, gamma: 2, temperature: 3 };
  const loss = (z: tf.Tensor) => distLoss(teacher, z, options);
  const { grad } = valueAndGrad(loss, student);
  const direction = logitsOf(4, 3, 3);
  const step = tf.mul(direction, 0.02);
  const [up] = await loss(tf.add(student, step)).data();
  const [down] = await loss(tf.sub(student, step)).data();
  const [slope] = await tf.sum(tf.mul(grad, direction)).data();
  expect((up! - down!) / 0.04).toBeCloseTo(slope!, 2);
});

test("is 0 for the teacher's logits and within its bounds for others", {
  tags: "broad",
}, async () => {
  const sizes = [fc.integer({ min: 4, max: 9 }), fc.integer({ min: 2, max: 4 })] as const;
  const property = fc.asyncProperty(...sizes, fc.nat(1000), async (n, c, seed) => {
    const teacher = logitsOf(n, c, seed);
    const [same] = await distLoss(teacher, teacher).data();
    const [other] = await distLoss(teacher, logitsOf(n, c, seed + 1)).data();
    // Not exactly 0: the 1e-8 in the formula matters where a row or column hardly varies.
    expect(same).toBeLessThan(Math.min(0.1, other!));
    expect(same).toBeGreaterThan(-1e-2);
    expect(other).toBeLessThan(4.01);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("extreme logits, equal rows and a batch of 1 stay finite", async () => {
  const rolled = tf.gather(extremeLogits(), [1, 2, 0]);
  for (const [teacher, student] of [
    [extremeLogits(), rolled],
    [tf.zeros([3, 2]), tf.zeros([3, 2])],
    [tf.tensor2d([[1e4, 0]]), tf.tensor2d([[-1e4, 0]])],
  ] as const) {
    await expectFiniteWithGradient((z) => distLoss(teacher, z), student);
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const logits = logitsOf(4, 3, 1);
  expect(() => distLoss(logits, tf.ones([5, 3]))).toThrow(
    "distLoss: studentLogits must have the shape of teacherLogits [4,3], got [5,3]",
  );
  expect(() => distLoss(tf.ones([2]), logits)).toThrow("distLoss: teacherLogits must be");
  expect(() => distLoss(logits, logits, { beta: -1 })).toThrow("distLoss: beta must be");
  expect(() => distLoss(logits, logits, { gamma: -1 })).toThrow("distLoss: gamma must be");
  expect(() => distLoss(logits, logits, { temperature: 0 })).toThrow(
    "distLoss: temperature must be a finite number > 0, got 0",
  );
});
