import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dkdLoss, kdLoss } from "../../../src/index.ts";
import golden from "../../golden/dkd.json";
import {
  expectFiniteWithGradient,
  expectNoLeakWithGradient,
  extremeLogits,
  labelsOf,
  logitsOf,
  testGoldenWithLabels,
  toTensor,
  valueAndGrad,
} from "../../support.ts";

testGoldenWithLabels(golden, "student", (labels, z, { params, inputs }) =>
  dkdLoss(labels, toTensor(inputs.teacher!), z, params),
);

test("equals kdLoss with beta = 1 − p_y of the teacher (the paper's equation 6)", {
  tags: "broad",
}, async () => {
  const size = fc.integer({ min: 2, max: 9 });
  const property = fc.asyncProperty(size, fc.nat(1000), fc.nat(8), async (c, seed, y) => {
    const [teacher, student] = [logitsOf(1, c, seed), logitsOf(1, c, seed + 1)];
    const labels = tf.tensor1d([y % c], "int32");
    const p = await tf.softmax(tf.div(teacher, 4)).data();
    const [dkd] = await dkdLoss(labels, teacher, student, { beta: 1 - p[y % c]! }).data();
    const [kd] = await kdLoss(teacher, student).data();
    expect(dkd).toBeCloseTo(kd!, 3);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("is 0 for the teacher's logits", async () => {
  const teacher = logitsOf(5, 4, 1);
  const { value, grad } = valueAndGrad((z) => dkdLoss(labelsOf(5, 4), teacher, z), teacher);
  expect(await value.data()).toEqual(new Float32Array([0]));
  expect(Math.max(...(await tf.abs(grad).data()))).toBe(0);
});

test("extreme logits, two classes and a batch of 1 stay finite", async () => {
  const rolled = tf.gather(extremeLogits(), [1, 2, 0]);
  for (const [teacher, student] of [
    [extremeLogits(), rolled],
    [tf.tensor2d([[1e4, 0]]), tf.tensor2d([[-1e4, 0]])],
  ] as const) {
    const labels = labelsOf(teacher.shape[0], teacher.shape[1]!);
    const loss = (z: tf.Tensor) => dkdLoss(labels, teacher, z, { temperature: 1 });
    await expectFiniteWithGradient(loss, student);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [labels, teacher, student] = [labelsOf(4, 3), logitsOf(4, 3, 1), logitsOf(4, 3, 2)];
  expectNoLeakWithGradient((z) => dkdLoss(labels, teacher, z), student);
});

test("rejects invalid input, naming expected and actual", () => {
  const [labels, logits] = [labelsOf(4, 3), logitsOf(4, 3, 1)];
  expect(() => dkdLoss(tf.zeros([4, 2]), logits, logits)).toThrow(
    "dkdLoss: labels must be int32 class indices [4] or one-hot [4,3], got float32 [4,2]",
  );
  expect(() => dkdLoss(labels, logits, tf.ones([4, 2]))).toThrow(
    "dkdLoss: studentLogits must have the shape of teacherLogits [4,3], got [4,2]",
  );
  expect(() => dkdLoss(labels, tf.ones([3]), logits)).toThrow("dkdLoss: teacherLogits must be");
  expect(() => dkdLoss(labels, logits, logits, { alpha: -1 })).toThrow(
    "dkdLoss: alpha must be a finite number >= 0, got -1",
  );
  expect(() => dkdLoss(labels, logits, logits, { beta: Number.NaN })).toThrow(
    "dkdLoss: beta must be a finite number >= 0, got NaN",
  );
  expect(() => dkdLoss(labels, logits, logits, { temperature: 0 })).toThrow(
    "dkdLoss: temperature must be a finite number > 0, got 0",
  );
});
