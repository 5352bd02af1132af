import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { kdLoss, standardizeLogits } from "../../../src/index.ts";
import golden from "../../golden/standardized_kd.json";
import {
  expectClose,
  expectFiniteWithGradient,
  expectNoLeakWithGradient,
  extremeLogits,
  type Golden,
  logitsOf,
  toTensor,
  valueAndGrad,
} from "../../support.ts";

for (const { name, params, inputs, outputs, grads } of (golden as unknown as Golden).cases) {
  test(`values, and value and gradient of kdLoss on them, of ${name}`, {
    tags: "float16",
  }, async () => {
    const [teacher, student] = [toTensor(inputs.teacher!), toTensor(inputs.student!)];
    await expectClose(standardizeLogits(student), outputs.standardized!);
    const loss = (z: tf.Tensor) =>
      kdLoss(standardizeLogits(teacher), standardizeLogits(z), {
        temperature: params.temperature!,
      });
    const { value, grad } = valueAndGrad(loss, student);
    await expectClose(value, outputs.loss!);
    await expectClose(grad, grads.student!);
  });
}

test("rows have mean 0 and standard deviation 1, whatever the shift and scale of the input", {
  tags: "broad",
}, async () => {
  const size = fc.integer({ min: 2, max: 9 });
  const scale = fc.double({ min: 0.1, max: 10, noNaN: true });
  const property = fc.asyncProperty(size, scale, fc.nat(1000), async (c, scale, seed) => {
    const logits = logitsOf(3, c, seed);
    const z = standardizeLogits(logits);
    const { mean, variance } = tf.moments(z, 1);
    for (const m of await mean.data()) expect(m).toBeCloseTo(0, 3);
    for (const v of await variance.data()) expect(v).toBeCloseTo((c - 1) / c, 2);
    const moved = standardizeLogits(tf.add(tf.mul(logits, scale), 3));
    const difference = await tf.max(tf.abs(tf.sub(z, moved))).data();
    expect(difference[0]).toBeLessThan(0.01);
  });
  await fc.assert(property, { numRuns: 15 });
});

test("extreme logits, equal logits, one class and a batch of 1 stay finite", async () => {
  for (const logits of [extremeLogits(), tf.zeros([2, 3]), tf.tensor2d([[5]])]) {
    await expectFiniteWithGradient(standardizeLogits, logits, tf.onesLike(logits));
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const logits = logitsOf(4, 3, 1);
  const dy = logitsOf(4, 3, 2);
  expectNoLeakWithGradient(standardizeLogits, logits, dy);
});

test("rejects invalid input, naming expected and actual", () => {
  expect(() => standardizeLogits(tf.ones([3]))).toThrow(
    "standardizeLogits: logits must be float32 [batch,...,classes], got float32 [3]",
  );
});
