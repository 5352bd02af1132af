import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  type ContrastBank,
  contrastNormalizer,
  contrastQueueIndices,
  crdLoss,
  createContrastBank,
  createContrastQueue,
  updateContrastQueue,
} from "../../../src/index.ts";
import { expectClose, expectNoLeak, reference } from "../../support.ts";
import { bankOf, embeddingsOf, int1d, int2d, valueAndGrads } from "./support.ts";

test("starts as random rows without normalizer", async () => {
  const queue = createContrastQueue({ size: 6, dim: 3, seed: 4 });
  const bank = createContrastBank({ size: 6, dim: 3, seed: 4 });
  expect(await queue.teacher.data()).toEqual(await bank.teacher.data());
  expect(await queue.student.data()).toEqual(await bank.student.data());
  expect(queue.normalizer).toBeUndefined();
});

test("holds the most recent embeddings, the newest batch first", async () => {
  const start = bankOf(5, 3, 1);
  const batches = [2, 2, 3].map((n, i) => [embeddingsOf(n, 3, 10 + i), embeddingsOf(n, 3, 20 + i)]);
  const before = await start.teacher.data();
  const queue = batches.reduce((q, [t, s]) => updateContrastQueue(q, t!, s!), start);
  for (const [i, side] of (["teacher", "student"] as const).entries()) {
    const rows = await Promise.all(
      [2, 1].map(async (b) => (await batches[b]![i]!.array()) as number[][]),
    );
    await expectClose(queue[side], reference(rows.flat()));
  }
  expect(queue.normalizer).toBe(start.normalizer);
  expect(await start.teacher.data()).toEqual(before);
});

test("the rows pushed last are the positives, all others shared negatives", async () => {
  const { positives, negatives } = contrastQueueIndices(bankOf(5, 3, 1), 2);
  expect([...(await positives.data())]).toEqual([0, 1]);
  expect([...(await negatives.data())]).toEqual([2, 3, 4]);
  expect([positives.dtype, negatives.dtype]).toEqual(["int32", "int32"]);
});

test("equals a bank with the same rows in another order", async () => {
  const [teacher, student] = [embeddingsOf(2, 3, 1), embeddingsOf(2, 3, 2)];
  const queue = updateContrastQueue(bankOf(5, 3, 6), teacher, student);
  const order = [3, 0, 4, 1, 2]; // row i of the bank is row order[i] of the queue
  const pick = (x: tf.Tensor2D) => tf.gather(x, int1d(order));
  const bank: ContrastBank = {
    teacher: pick(queue.teacher),
    student: pick(queue.student),
    normalizer: queue.normalizer,
  };
  const rows = int2d([0, 1].map((row) => [row, 2, 3, 4].map((x) => order.indexOf(x))));
  const loss = (bank: ContrastBank, rows: Parameters<typeof crdLoss>[3]) =>
    valueAndGrads((t, s) => crdLoss(t, s, bank, rows), teacher, student);
  const got = loss(queue, contrastQueueIndices(queue, 2));
  const want = loss(bank, rows);
  for (const name of ["value", "teacher", "student"] as const) {
    const { shape } = want[name];
    await expectClose(got[name], { shape, data: [...(await want[name].data())] });
  }
});

test("training with a queue brings a sample's embeddings together", {
  tags: "broad",
}, async () => {
  const n = 4;
  let [queue, student] = [
    createContrastQueue({ size: 16, dim: 3, seed: 1 }),
    embeddingsOf(n, 3, 2),
  ];
  const teacher = embeddingsOf(n, 3, 3);
  const losses: number[] = [];
  for (let step = 0; step < 8; step++) {
    queue = updateContrastQueue(queue, teacher, student);
    const rows = contrastQueueIndices(queue, n);
    queue.normalizer ??= contrastNormalizer(teacher, student, queue, rows);
    const f = (t: tf.Tensor, s: tf.Tensor) => crdLoss(t, s, queue, rows, { temperature: 0.5 });
    const got = valueAndGrads(f, teacher, student);
    losses.push((await got.value.data())[0]!);
    student = tf.sub(student, tf.mul(got.student, 0.3));
  }
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});

test("leaves no tensor behind", () => {
  const [queue, x] = [bankOf(5, 3, 1), embeddingsOf(2, 3, 2)];
  expectNoLeak(() => {
    const { teacher, student } = updateContrastQueue(queue, x, x);
    return [teacher, student];
  });
  expectNoLeak(() => {
    const { positives, negatives } = contrastQueueIndices(queue, 2);
    return [positives, negatives];
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const [queue, x] = [bankOf(3, 3, 1), embeddingsOf(3, 3, 2)];
  expect(() => createContrastQueue({ size: 0, dim: 3 })).toThrow(
    "createContrastQueue: size must be an integer >= 1, got 0",
  );
  expect(() => updateContrastQueue(queue, x, x)).toThrow(
    "updateContrastQueue: teacherEmbedding must have fewer rows than the queue's 3, got 3",
  );
  expect(() => updateContrastQueue(queue, tf.ones([1, 4]), tf.ones([1, 4]))).toThrow(
    "updateContrastQueue: teacherEmbedding must have the width of bank.teacher [3,3], got [1,4]",
  );
  expect(() => contrastQueueIndices(queue, 0)).toThrow(
    "contrastQueueIndices: batch must be an integer >= 1, got 0",
  );
  expect(() => contrastQueueIndices(queue, 3)).toThrow(
    "contrastQueueIndices: batch must have fewer rows than the queue's 3, got 3",
  );
});
