import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hsakdLoss, kdLoss } from "../../../src/index.ts";
import golden from "../../golden/hsakd.json";
import {
  expectClose,
  expectFinite,
  expectNoLeak,
  type Golden,
  logitsOf,
  toTensor,
} from "../../support.ts";

const outputsOf = (n: number, c: number, seed: number, heads = 2) => ({
  logits: logitsOf(4 * n, c, seed),
  heads: Array.from({ length: heads }, (_, i) => logitsOf(4 * n, 4 * c, seed + 1 + i)),
});
type Outputs = ReturnType<typeof outputsOf>;

/** Value and gradients with respect to logits and heads. */
const gradientsOf = (teacher: Outputs, student: Outputs, temperature?: number, dy?: tf.Tensor) =>
  tf
    .engine()
    .gradients(
      () => hsakdLoss(teacher, student, { temperature }),
      [student.logits, ...student.heads],
      dy,
      true,
    );

for (const { name, params, inputs, outputs, grads } of (golden as unknown as Golden).cases) {
  test(`value and gradients of ${name}`, { tags: "float16" }, async () => {
    const [teacher, student] = ["teacher", "student"].map((who) => ({
      logits: toTensor(inputs[`${who}Logits`]!) as tf.Tensor2D,
      heads: [0, 1].map((i) => toTensor(inputs[`${who}Head${i}`]!) as tf.Tensor2D),
    })) as [Outputs, Outputs];
    const got = gradientsOf(teacher, student, params.temperature);
    await expectClose(got.value, outputs.loss!);
    await expectClose(got.grads[0]!, grads.studentLogits!);
    await expectClose(got.grads[1]!, grads.studentHead0!);
    await expectClose(got.grads[2]!, grads.studentHead1!);
  });
}

test("is the sum of kdLoss over logits and heads, and 0 for the teacher's outputs", {
  tags: "broad",
}, async () => {
  const size = fc.integer({ min: 1, max: 3 });
  const classes = fc.integer({ min: 2, max: 3 });
  const property = fc.asyncProperty(
    size,
    classes,
    size,
    fc.nat(1000),
    async (n, c, heads, seed) => {
      const [teacher, student] = [outputsOf(n, c, seed, heads), outputsOf(n, c, seed + 9, heads)];
      const options = { temperature: 3 };
      const parts = student.heads.map((head, i) => kdLoss(teacher.heads[i]!, head, options));
      const total = tf.addN([kdLoss(teacher.logits, student.logits, options), ...parts]);
      await expectClose(hsakdLoss(teacher, student), {
        shape: [],
        data: [...(await total.data())],
      });
      expect((await hsakdLoss(teacher, teacher).data())[0]).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 8 });
});

test("extreme logits, one class and a batch of 1 stay finite, for any upstream gradient", async () => {
  const extreme = outputsOf(1, 2, 1);
  const scaled = {
    logits: tf.mul(extreme.logits, 1e4) as tf.Tensor2D,
    heads: extreme.heads.map((x) => tf.mul(x, -1e4) as tf.Tensor2D),
  };
  for (const [teacher, student] of [
    [extreme, scaled],
    [scaled, extreme],
    [outputsOf(1, 1, 1), outputsOf(1, 1, 2)],
  ] as const) {
    const { value, grads } = gradientsOf(teacher, student, 1, tf.scalar(2));
    await expectFinite(value, ...grads);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [teacher, student] = [outputsOf(2, 3, 1), outputsOf(2, 3, 5)];
  expectNoLeak(() => hsakdLoss(teacher, student));
  expectNoLeak(() => {
    const { value, grads } = gradientsOf(teacher, student);
    return [value, ...grads];
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const outputs = outputsOf(2, 3, 1);
  const { logits, heads } = outputs;
  expect(() => hsakdLoss({ logits: tf.ones([6, 3]), heads }, outputs)).toThrow(
    "hsakdLoss: teacher.logits must be [4·batch,classes], one row per rotation, got [6,3]",
  );
  expect(() => hsakdLoss(outputs, { logits: tf.ones([8, 2]), heads })).toThrow(
    "hsakdLoss: student.logits must have the shape of teacher.logits [8,3], got [8,2]",
  );
  expect(() => hsakdLoss(outputs, { logits, heads: [heads[0]!, logits] })).toThrow(
    "hsakdLoss: student.heads[1] must be [8,12] as teacher.logits are [8,3], got [8,3]",
  );
  expect(() => hsakdLoss(outputs, { logits, heads: [heads[0]!] })).toThrow(
    "hsakdLoss: teacher.heads and student.heads must be two tensors or two lists of the same length, at least 1, got a list of 2 and a list of 1",
  );
  expect(() => hsakdLoss(outputs, outputs, { temperature: 0 })).toThrow(
    "hsakdLoss: temperature must be a finite number > 0, got 0",
  );
});
