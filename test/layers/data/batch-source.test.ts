import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test, vi } from "vitest";
import { type Batch, batchSource, START } from "../../../src/layers/data/batch-source.ts";

const model = (() => {
  const inputs = ["left", "right"].map((name) => tfl.input({ name: `bs-${name}`, shape: [2] }));
  const sum = tfl.layers.add({ name: "bs-sum" }).apply(inputs) as tfl.SymbolicTensor;
  return tfl.model({ inputs, outputs: sum });
})();

/** A data set that makes each element when it is asked for it. */
const dataset = (elements: readonly (() => unknown)[], size?: number) => ({
  size: size ?? null,
  async iterator() {
    let at = 0;
    return {
      async next() {
        const element = elements[at++];
        return element ? { done: false, value: element() } : { done: true, value: undefined };
      },
    };
  },
});

const rows = (count: number, value = 1) => tf.fill([count, 2], value);
const labels = (count: number) => tf.zeros([count], "int32");
const pair = (count: number) => ({
  xs: { "bs-left": rows(count), "bs-right": rows(count) },
  ys: labels(count),
});

/** The batches of a pass, as a function of each sees them. */
async function collect<T>(
  source: ReturnType<typeof batchSource>,
  of: (batch: Batch) => T | Promise<T>,
  place = START,
) {
  const found: T[] = [];
  for await (const batch of source.batches(place)) found.push(await of(batch));
  return found;
}

/** webgpu reads asynchronously only. */
const firstOf = async (x: tf.Tensor) => (await x.data())[0];

const expectNoLeak = async (run: () => Promise<unknown>) => {
  const before = tf.memory().numTensors;
  await run();
  expect(tf.memory().numTensors).toBe(before);
};

describe("a data set's element", () => {
  const names = "the model's bs-left, bs-right and bs-sum";
  const refusal = (got: string) =>
    new Error(
      `fit: the elements of the data set must be {xs, ys} or {xs, ys, indices} of tensors for ${names}, got {${got}}`,
    );
  test.each([
    ["no inputs", () => ({ ys: labels(2) }), "ys"],
    ["no object", () => 3, ""],
    [
      "an input that the model lacks",
      () => ({ xs: { "bs-left": rows(2) }, ys: labels(2) }),
      "xs, ys",
    ],
    ["no labels", () => ({ xs: [rows(2), rows(2)] }), "xs"],
    [
      "labels of another name",
      () => ({ xs: [rows(2), rows(2)], ys: { other: labels(2) } }),
      "xs, ys",
    ],
    ["several labels", () => ({ xs: [rows(2), rows(2)], ys: [labels(2), labels(2)] }), "xs, ys"],
    ["an unknown key", () => ({ ...pair(2), mask: rows(2) }), "xs, ys, mask"],
    ["numbers for weights", () => ({ ...pair(2), weights: [1, 1] }), "xs, ys, weights"],
    ["a number for logits", () => ({ ...pair(2), teacherLogits: 1 }), "xs, ys, teacherLogits"],
    [
      "indices of two axes",
      () => ({ ...pair(2), indices: tf.zeros([2, 1], "int32") }),
      "xs, ys, indices",
    ],
    ["numbers for indices", () => ({ ...pair(2), indices: [0, 1] }), "xs, ys, indices"],
    ["no tensor among the inputs", () => ({ xs: [rows(2), 1], ys: labels(2) }), "xs, ys"],
  ])("with %s is refused without a leak", async (_, element, got) => {
    await expectNoLeak(async () => {
      const source = batchSource("fit", model, dataset([element]));
      await expect(collect(source, () => 0)).rejects.toThrow(refusal(got));
    });
  });

  test("with outputs of a teacher for other samples is refused without a leak", async () => {
    await expectNoLeak(async () => {
      const element = () => ({ ...pair(2), teacherLogits: rows(3), indices: labels(2) });
      await expect(collect(batchSource("fit", model, dataset([element])), () => 0)).rejects.toThrow(
        new Error("fit: teacherLogits must be float32 [2,...], got float32 [3,2]"),
      );
    });
  });

  test("gives its tensors in the model's order; those that are not used are disposed", async () => {
    await expectNoLeak(async () => {
      const element = () => ({
        xs: { "bs-right": rows(2, 5), unused: rows(2), "bs-left": rows(2, 4) },
        ys: { "bs-sum": labels(2), other: labels(2) },
        weights: tf.ones([2]),
        teacherLogits: rows(2, 6),
        teacherFeatures: rows(2, 7),
        indices: labels(2),
      });
      const found = await collect(batchSource("fit", model, dataset([element])), async (batch) => ({
        inputs: await Promise.all((batch.inputs as tf.Tensor[]).map(firstOf)),
        labels: batch.labels?.shape,
        weights: batch.weights?.shape,
        teacher: await Promise.all(
          [batch.teacher!.teacherLogits!, ...batch.teacher!.teacherFeatures!].map(firstOf),
        ),
        indices: batch.indices?.shape,
      }));
      expect(found).toEqual([
        { inputs: [4, 5], labels: [2], weights: [2], teacher: [6, 7], indices: [2] },
      ]);
    });
  });

  test("may lack labels where they are not needed", async () => {
    await expectNoLeak(async () => {
      const elements = dataset([() => ({ xs: [rows(2), rows(2)] }), () => pair(2)]);
      const source = batchSource("fit", model, elements, { needsLabels: false });
      expect(await collect(source, (batch) => batch.labels?.shape)).toEqual([undefined, [2]]);
    });
  });
});

describe("a data set", () => {
  const counts = [2, 3, 4, 5];
  const all = (size?: number) =>
    dataset(
      counts.map((count) => () => pair(count)),
      size,
    );
  const sizes = (batch: Batch) => (batch.inputs as tf.Tensor[])[0]!.shape[0];

  test("restarts in each pass, or ends after a number of batches", async () => {
    const source = batchSource("fit", model, all(4));
    expect([source.steps, source.batchesPerEpoch]).toEqual([4, undefined]);
    expect(await collect(source, sizes)).toEqual(counts);
    expect(await collect(source, sizes)).toEqual(counts);
    const some = batchSource("fit", model, all(), { batchesPerPass: 2 });
    expect(some.steps).toBe(undefined);
    expect(await collect(some, sizes)).toEqual([2, 3]);
    expect(await collect(some, sizes)).toEqual([2, 3]);
  });

  test("continues from epoch to epoch with a number of batches", async () => {
    const source = batchSource("fit", model, all(), { batchesPerEpoch: 2 });
    expect([source.steps, source.batchesPerEpoch]).toEqual([2, 2]);
    expect(await collect(source, sizes)).toEqual([2, 3]);
    expect(await collect(source, sizes, { ...START, epoch: 1, globalStep: 2 })).toEqual([4, 5]);
  });

  test("skips what was taken before an interruption and checks its number of samples", async () => {
    const place = { ...START, batchInEpoch: 2, globalStep: 2 };
    await expectNoLeak(async () => {
      const source = batchSource("fit", model, all());
      expect(await collect(source, sizes, { ...place, totals: { samples: 5 } })).toEqual([4, 5]);
      await expect(collect(source, sizes, { ...place, totals: { samples: 6 } })).rejects.toThrow(
        "fit: the batches must be those of the checkpoint, 6 samples in the first part of the epoch, got 5",
      );
    });
    const continued = batchSource("fit", model, all(), { batchesPerEpoch: 3 });
    const later = { ...START, epoch: 0, batchInEpoch: 1, globalStep: 1, totals: { samples: 2 } };
    expect(await collect(continued, sizes, later)).toEqual([3, 4]);
  });

  test("of unknown size is warned of once, when a pass becomes very long", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const tiny = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [1] })] });
    const [x, y] = [tf.keep(tf.zeros([1, 1])), tf.keep(tf.zeros([1]))];
    const long = (size?: number) =>
      dataset(
        Array.from({ length: 10_001 }, () => () => ({ xs: x.clone(), ys: y.clone() })),
        size,
      );
    await collect(batchSource("fit", tiny, long(10_001)), () => 0);
    await collect(batchSource("fit", tiny, long(), { batchesPerPass: 10_001 }), () => 0);
    expect(warn).not.toHaveBeenCalled();
    await collect(batchSource("fit", tiny, long()), () => 0);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toContain(
      "fit: a data set of unknown size has had 10000 batches",
    );
    warn.mockRestore();
    tf.dispose([x, y]);
  });
});

test("tensors in memory come in batches with the places of their samples", async () => {
  const xs = tf.reshape(tf.range(0, 10), [5, 2]);
  const source = batchSource("fit", model, { xs, ys: labels(5) }, { batchSize: 2, indexed: true });
  const found = await collect(source, async ({ inputs, indices, rows }) => [
    [...(await (inputs as tf.Tensor).data())],
    [...(await indices!.data())],
    [...rows!],
  ]);
  expect(found).toEqual([
    [
      [0, 1, 2, 3],
      [0, 1],
      [0, 1],
    ],
    [
      [4, 5, 6, 7],
      [2, 3],
      [2, 3],
    ],
    [[8, 9], [4], [4]],
  ]);
});
