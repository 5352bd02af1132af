import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCifar10, loadCifar100 } from "../../../experiments/data/cifar.ts";
import { pick } from "../../../experiments/data/images.ts";

const work = mkdtempSync(join(tmpdir(), "kd-cmi-cifar-"));
afterAll(() => rmSync(work, { recursive: true }));
const file = (name: string) => join(work, name);

const BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const PLANE = 32 * 32;

/** A record with the planes red 1, green 2 and blue 3, except for the first and the last pixel. */
const record = (...labels: number[]) => {
  const planes = [1, 2, 3].map((value) => {
    const plane = new Uint8Array(PLANE).fill(value);
    plane[0] = 10 * value;
    plane[PLANE - 1] = 20 * value;
    return plane;
  });
  return Buffer.concat([Uint8Array.from(labels), ...planes]);
};

/** Writes a file with `count` records: the given ones, then zeros. */
function write(name: string, count: number, records: Buffer[]): void {
  writeFileSync(file(name), Buffer.concat(records));
  truncateSync(file(name), count * records[0]!.length);
}

const names = (count: number) =>
  Array.from({ length: count }, (_, i) => `class ${i}`).map((name) => `${name}\n`);

beforeAll(() => {
  for (const [i, name] of BATCHES.entries()) write(name, 10_000, [record(i)]);
  write("test_batch.bin", 10_000, [record(9), record(8)]);
  writeFileSync(file("batches.meta.txt"), `${names(10).join("")}\n`);
  write("train.bin", 50_000, [record(19, 99), record(3, 42)]);
  write("test.bin", 10_000, [record(1, 2)]);
  writeFileSync(file("fine_label_names.txt"), names(100).join(""));
});

test("CIFAR-10 joins its five files and interleaves the channels", () => {
  const { name, classNames, train, test } = loadCifar10(work);
  expect([name, classNames.length, classNames[3]]).toEqual(["CIFAR-10", 10, "class 3"]);
  expect([train.labels.length, test.labels.length]).toEqual([50_000, 10_000]);
  expect([...pick(train, [0, 10_000, 20_000, 30_000, 40_000]).labels]).toEqual([0, 1, 2, 3, 4]);
  expect([...test.labels.subarray(0, 3)]).toEqual([9, 8, 0]);
  const { pixels, shape } = pick(train, [40_000]);
  expect(shape).toEqual([32, 32, 3]);
  expect(train.pixels.length).toBe(50_000 * pixels.length);
  expect([...pixels.subarray(0, 6)]).toEqual([10, 20, 30, 1, 2, 3]);
  expect([...pixels.subarray(-6)]).toEqual([1, 2, 3, 20, 40, 60]);
  expect(train.normalization!.std).toHaveLength(3);
});

test("CIFAR-100 reads the fine classes", () => {
  const { name, classNames, train, test } = loadCifar100(work);
  expect([name, classNames.length]).toEqual(["CIFAR-100", 100]);
  expect([train.labels.length, test.labels.length]).toEqual([50_000, 10_000]);
  expect([...train.labels.subarray(0, 3)]).toEqual([99, 42, 0]);
  expect([...train.pixels.subarray(3072, 3078)]).toEqual([10, 20, 30, 1, 2, 3]);
  expect(train.normalization!.mean).toEqual([0.5071, 0.4867, 0.4408]);
});

describe("rejects an invalid file, naming expected and actual", () => {
  // Each test corrupts the file that is read first.
  test("missing", () => {
    rmSync(file("data_batch_1.bin"));
    expect(() => loadCifar10(work)).toThrow(
      /data file .*data_batch_1\.bin is missing .*www\.cs\.toronto\.edu/,
    );
  });

  test("truncated", () => {
    truncateSync(file("train.bin"), 3074);
    expect(() => loadCifar100(work)).toThrow(/train\.bin must have 153700000 bytes, got 3074/);
  });

  test("from the other data set", () => {
    copyFileSync(file("test.bin"), file("data_batch_1.bin"));
    expect(() => loadCifar10(work)).toThrow(
      /data_batch_1\.bin must have 30730000 bytes, got 30740000/,
    );
  });

  test("with a label out of range", () => {
    write("data_batch_1.bin", 10_000, [record(9), record(10)]);
    expect(() => loadCifar10(work)).toThrow(
      /data_batch_1\.bin must have labels below 10, got 10 in record 2/,
    );
  });

  test("with too few names", () => {
    writeFileSync(file("fine_label_names.txt"), names(99).join(""));
    expect(() => loadCifar100(work)).toThrow(/fine_label_names\.txt must have 100 names, got 99/);
  });
});
