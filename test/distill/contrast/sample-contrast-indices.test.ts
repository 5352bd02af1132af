import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { checkContrastIndices, sampleContrastIndices } from "../../../src/index.ts";
import { expectNoLeak } from "../../support.ts";
import { int1d } from "./support.ts";

const INDICES = [7, 0, 3];

test("each sample has its positive in column 0 and noise that is uniform over the bank", async () => {
  const drawn = sampleContrastIndices(int1d(INDICES), { negatives: 4000, size: 10, seed: 3 });
  expect([drawn.shape, drawn.dtype]).toEqual([[3, 4001], "int32"]);
  await checkContrastIndices(drawn, 10);
  const rows = await drawn.array();
  expect(rows.map(([positive]) => positive)).toEqual(INDICES);
  for (const [, ...noise] of rows) {
    for (let row = 0; row < 10; row++) {
      const count = noise.filter((x) => x === row).length;
      expect(Math.abs(count - 400)).toBeLessThan(80); // 4 standard deviations
    }
  }
  expect(rows[0]!.slice(1)).not.toEqual(rows[1]!.slice(1));
});

test("draws shared negatives once for the batch", async () => {
  const indices = int1d(INDICES);
  const drawn = sampleContrastIndices(indices, { negatives: 50, size: 10, shared: true });
  expect([...(await drawn.positives.data())]).toEqual(INDICES);
  expect([drawn.negatives.shape, drawn.negatives.dtype]).toEqual([[50], "int32"]);
  await checkContrastIndices(drawn, 10);
  tf.dispose(drawn);
  expect(indices.isDisposed).toBe(false);
});

test("a seed fixes the draw, and draws without a seed differ", async () => {
  const draw = async (seed?: number) => {
    const options = { negatives: 20, size: 1000, seed };
    return [...(await sampleContrastIndices(int1d(INDICES), options).data())];
  };
  expect(await draw(5)).toEqual(await draw(5));
  expect(await draw(5)).not.toEqual(await draw(6));
  expect(await draw()).not.toEqual(await draw());
});

test("reaches odd rows of a bank of more than 2^24", async () => {
  const size = 2 ** 31 - 1;
  const { negatives } = sampleContrastIndices(int1d([0]), {
    negatives: 64,
    size,
    seed: 1,
    shared: true,
  });
  const rows = [...(await negatives.data())];
  expect(rows.every((row) => row >= 0 && row < size)).toBe(true);
  expect(Math.max(...rows)).toBeGreaterThan(2 ** 30);
});

test("leaves no tensor behind", () => {
  const indices = int1d(INDICES);
  expectNoLeak(() => sampleContrastIndices(indices, { negatives: 4, size: 10 }));
  expectNoLeak(() => {
    const drawn = sampleContrastIndices(indices, { negatives: 4, size: 10, shared: true });
    return [drawn.positives, drawn.negatives];
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const good = { negatives: 4, size: 10 };
  expect(() => sampleContrastIndices(tf.zeros([3]), good)).toThrow(
    "sampleContrastIndices: indices must be int32 [rows], got float32 [3]",
  );
  expect(() => sampleContrastIndices(int1d(INDICES), { ...good, negatives: 0 })).toThrow(
    "sampleContrastIndices: negatives must be an integer >= 1, got 0",
  );
  expect(() => sampleContrastIndices(int1d(INDICES), { ...good, size: 0.5 })).toThrow(
    "sampleContrastIndices: size must be an integer >= 1, got 0.5",
  );
  expect(() => sampleContrastIndices(int1d(INDICES), { ...good, seed: Number.NaN })).toThrow(
    "sampleContrastIndices: seed must be an integer >= 0, got NaN",
  );
});
