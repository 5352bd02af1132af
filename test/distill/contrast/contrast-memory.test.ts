import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  type ContrastBank,
  ContrastMemory,
  type ContrastMemoryOptions,
  contrastNormalizer,
  contrastQueueIndices,
  crdLoss,
  createContrastBank,
  createContrastQueue,
  l2Normalize,
  sampleContrastIndices,
  updateContrastBank,
  updateContrastQueue,
} from "../../../src/index.ts";
import { valueAndGrads } from "../../support.ts";

const [SIZE, DIM, N] = [12, 4, 3];
const embedding = (seed: number) => l2Normalize(tf.randomNormal([N, DIM], 0, 1, "float32", seed));
const indices = (step: number) => tf.tensor1d([step % SIZE, (step + 5) % SIZE, 7], "int32");
const valuesOf = async (x: tf.Tensor) => [...(await x.data())];

/** Keeps a bank beyond the gradient that computes it. */
function kept(bank: ContrastBank): ContrastBank {
  for (const x of [bank.teacher, bank.student, ...Object.values(bank.normalizer ?? {})]) {
    if (x) tf.keep(x);
  }
  return bank;
}

type Step = (t: tf.Tensor, s: tf.Tensor, step: number) => tf.Tensor;

const bankOptions = { size: SIZE, dim: DIM, negatives: 5, temperature: 0.5, seed: 3 } as const;
const queueOptions = { kind: "queue", size: SIZE, dim: DIM, temperature: 0.5, seed: 3 } as const;
const settings = { temperature: 0.5 };

/** Each kind by hand, with the pure functions. */
const byHand: Record<string, [ContrastMemoryOptions, () => Step]> = {
  bank: [
    bankOptions,
    () => {
      let bank = createContrastBank({ size: SIZE, dim: DIM, seed: 3 });
      return (t, s, step) => {
        const draw = { negatives: 5, size: SIZE, seed: 3 + step };
        const drawn = sampleContrastIndices(indices(step), draw);
        bank.normalizer ??= contrastNormalizer(t, s, bank, drawn, settings);
        const loss = crdLoss(t, s, bank, drawn, settings);
        bank = kept(updateContrastBank(bank, t, s, indices(step)));
        return loss;
      };
    },
  ],
  "bank of shared noise": [
    { ...bankOptions, shared: true, momentum: 0.9 },
    () => {
      let bank = createContrastBank({ size: SIZE, dim: DIM, seed: 3 });
      return (t, s, step) => {
        const draw = { negatives: 5, size: SIZE, seed: 3 + step, shared: true } as const;
        const drawn = sampleContrastIndices(indices(step), draw);
        bank.normalizer ??= contrastNormalizer(t, s, bank, drawn, settings);
        const loss = crdLoss(t, s, bank, drawn, settings);
        bank = kept(updateContrastBank(bank, t, s, indices(step), { momentum: 0.9 }));
        return loss;
      };
    },
  ],
  queue: [
    queueOptions,
    () => {
      let queue = createContrastQueue({ size: SIZE, dim: DIM, seed: 3 });
      return (t, s) => {
        queue = updateContrastQueue(queue, t, s);
        const rows = contrastQueueIndices(queue, N);
        queue.normalizer ??= contrastNormalizer(t, s, queue, rows, settings);
        kept(queue);
        return crdLoss(t, s, queue, rows, settings);
      };
    },
  ],
};

const isBank = ({ kind }: ContrastMemoryOptions) => kind !== "queue";
const stepOf =
  (memory: ContrastMemory, options: ContrastMemoryOptions): Step =>
  (t, s, step) =>
    memory.loss(t, s, isBank(options) ? indices(step) : undefined);

describe.each(Object.keys(byHand))("a %s", (name) => {
  const [options, manual] = byHand[name]!;

  test("has bitwise the losses and gradients of the functions by hand", async () => {
    const [own, right] = [stepOf(new ContrastMemory(options), options), manual()];
    for (let step = 0; step < 4; step++) {
      const [t, s] = [embedding(step), embedding(step + 10)];
      const [got, expected] = [own, right].map((f) =>
        valueAndGrads(([a, b]) => f(a!, b!, step), [t, s]),
      );
      expect(await valuesOf(got!.value)).toEqual(await valuesOf(expected!.value));
      for (const i of [0, 1]) {
        expect(await valuesOf(got!.grads[i]!)).toEqual(await valuesOf(expected!.grads[i]!));
      }
    }
  });

  test("continues from its tensors as without interruption", async () => {
    const whole = new ContrastMemory(options);
    const run = async (memory: ContrastMemory, steps: number[]) => {
      const losses: number[] = [];
      for (const step of steps) {
        const loss = stepOf(memory, options)(embedding(step), embedding(step + 10), step);
        losses.push(...(await valuesOf(loss)));
      }
      return losses;
    };
    await run(whole, [0, 1]);
    const saved = await Promise.all(
      Object.entries(whole.tensors()).map(async ([key, x]) => {
        const { shape, dtype } = x;
        return [key, { data: await x.data(), shape, dtype }] as const;
      }),
    );
    const expected = await run(whole, [2, 3]);
    const resumed = new ContrastMemory(options);
    const tensors = saved.map(([key, { data, shape, dtype }]) => [
      key,
      tf.tensor(data, shape, dtype),
    ]);
    resumed.restore(Object.fromEntries(tensors));
    expect(await run(resumed, [2, 3])).toEqual(expected);
  });

  test("holds a constant number of tensors, and none once disposed", () => {
    const before = tf.memory().numTensors;
    const memory = new ContrastMemory(options);
    const [t, s] = tf.tidy(() => [tf.keep(embedding(1)), tf.keep(embedding(2))]) as tf.Tensor[];
    const train = () =>
      tf.tidy(() => {
        valueAndGrads(([a, b]) => stepOf(memory, options)(a!, b!, 0), [t!, s!]);
      });
    train();
    memory.tensors();
    const held = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) train();
    memory.tensors();
    expect(tf.memory().numTensors).toBe(held);
    memory.restore(
      Object.fromEntries(Object.entries(memory.tensors()).map(([key, x]) => [key, tf.clone(x)])),
    );
    train();
    tf.dispose([t!, s!]);
    memory.dispose();
    memory.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(() => memory.loss(embedding(1), embedding(2))).toThrow(
      "ContrastMemory.loss: the memory is disposed",
    );
  });

  test("without update leaves the memory as it is", async () => {
    const memory = new ContrastMemory(options);
    stepOf(memory, options)(embedding(1), embedding(2), 0);
    const state = async () => Promise.all(Object.values(memory.tensors()).map(valuesOf));
    const before = await state();
    const rows = isBank(options) ? indices(1) : undefined;
    const losses = [1, 2].map(() =>
      memory.loss(embedding(3), embedding(4), rows, { update: false }),
    );
    expect(await state()).toEqual(before);
    expect(await valuesOf(losses[0]!)).toEqual(await valuesOf(losses[1]!));
  });
});

test("takes rows that were drawn elsewhere", async () => {
  const memory = new ContrastMemory(bankOptions);
  const drawn = sampleContrastIndices(indices(0), { negatives: 5, size: SIZE, seed: 3 });
  const own = new ContrastMemory(bankOptions);
  const got = memory.loss(embedding(1), embedding(2), drawn);
  const expected = own.loss(embedding(1), embedding(2), indices(0));
  expect(await valuesOf(got)).toEqual(await valuesOf(expected));
  const [a, b] = [memory.tensors(), own.tensors()];
  for (const name of Object.keys(a))
    expect(await valuesOf(a[name]!)).toEqual(await valuesOf(b[name]!));
});

test("rejects invalid input, naming expected and actual, and stays as it is", async () => {
  const make = (options: object) => new ContrastMemory(options as ContrastMemoryOptions);
  for (const [options, message] of [
    [{ size: 4, dim: 2 }, "negatives must be an integer >= 1, got NaN"],
    [{ ...bankOptions, kind: "heap" }, 'kind must be "bank" or "queue", got "heap"'],
    [{ ...queueOptions, negatives: 3 }, "negatives is for a bank, got it for a queue"],
    [{ ...bankOptions, size: 0 }, "size must be an integer >= 1, got 0"],
    [{ ...bankOptions, seed: -1 }, "seed must be an integer >= 0, got -1"],
    [{ ...bankOptions, momentum: 2 }, "momentum must be a finite number >= 0 and <= 1, got 2"],
    [{ ...bankOptions, temperature: 0 }, "temperature must be a finite number > 0, got 0"],
    [{ ...bankOptions, length: 2 }, "got length"],
  ] as const) {
    expect(() => make(options)).toThrow(message);
  }
  const [bank, queue] = [make(bankOptions), make(queueOptions)];
  const [t, s] = [embedding(1), embedding(2)];
  expect(() => bank.loss(t, s)).toThrow(
    "ContrastMemory.loss: rows must be int32 [3], got undefined",
  );
  expect(() => bank.loss(t, s, tf.tensor1d([1], "int32"))).toThrow(
    "rows must be int32 [3], got int32 [1]",
  );
  expect(() => queue.loss(t, s, indices(0))).toThrow(
    "rows must be omitted for a queue, got a tf.Tensor",
  );
  expect(() => bank.loss(tf.ones([3, 2]), tf.ones([3, 2]), indices(0))).toThrow(
    "ContrastMemory.loss: teacherEmbedding must have the width of bank.teacher [12,4], got [3,2]",
  );
  expect(() => bank.restore({ teacher: tf.ones([2, 2]) })).toThrow(
    "ContrastMemory.restore: teacher must be float32 [12,4], got float32 [2,2]",
  );
  const { steps, ...rest } = bank.tensors();
  expect(() => bank.restore(rest)).toThrow("steps must be int32 [], got undefined");
  expect((await steps!.data())[0]).toBe(0);
});
