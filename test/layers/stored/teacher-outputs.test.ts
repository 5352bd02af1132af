import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, inject, test } from "vitest";
import {
  type ReadTeacherOptions,
  readTeacherOutputs,
  writeTeacherOutputs,
} from "../../../src/layers/index.ts";
import { memoryStore } from "../checkpoint/support.ts";
import { brainFloats, doubles, fileOf, named } from "./files.ts";

const valuesOf = async (x: tf.Tensor | undefined) => [...(await x!.data())];

describe("reads a file of Python:", () => {
  test("float64 and float16, and PyTorch's order of axes", async () => {
    const { teacherLogits, teacherFeatures } = await readTeacherOutputs(doubles());
    expect(teacherLogits!.shape).toEqual([2, 3]);
    const expected = [1.5, -2.25, 1e-3, 0.1, 40000.5, -0].map(Math.fround);
    expect(await valuesOf(teacherLogits)).toEqual(expected);
    const [maps] = teacherFeatures!;
    expect(maps!.shape).toEqual([2, 3, 2, 2]);
    const values = Array.from({ length: 24 }, (_, k) => k / 8 - 1);
    values.splice(0, 2, Number.POSITIVE_INFINITY, 2 ** -24);
    values[23] = Number.NaN;
    expect(await valuesOf(maps)).toEqual(values);

    const { teacherFeatures: nhwc } = await readTeacherOutputs(doubles(), { channelsFirst: true });
    expect(nhwc![0]!.shape).toEqual([2, 2, 2, 3]);
    const moved = [0, 1].flatMap((n) =>
      [0, 1].flatMap((h) =>
        [0, 1].flatMap((w) => [0, 1, 2].map((c) => values[12 * n + 4 * c + 2 * h + w]!)),
      ),
    );
    expect(await valuesOf(nhwc![0])).toEqual(moved);
  });

  test("bfloat16 at an odd offset", async () => {
    const { teacherLogits, ...others } = await readTeacherOutputs(brainFloats().buffer);
    expect(others).toEqual({});
    expect(await valuesOf(teacherLogits)).toEqual([1, -2.5, 3.140625, 0]);
  });

  test("tensors by their names", async () => {
    const names = { logits: "out", features: ["layer", "out"] };
    const { teacherLogits, teacherFeatures } = await readTeacherOutputs(named(), names);
    expect(await valuesOf(teacherLogits)).toEqual([1, 2, 3, 4]);
    expect(await valuesOf(teacherFeatures![0])).toEqual([2, 4, 6, 8]);
    expect(await valuesOf(teacherFeatures![1])).toEqual([1, 2, 3, 4]);
    const only = await readTeacherOutputs(named(), { features: ["layer"] });
    expect(Object.keys(only)).toEqual(["teacherFeatures"]);
  });
});

test("reads what it writes, from a store", async () => {
  const store = memoryStore();
  const teacherLogits = tf.tensor2d([[1, -2e30], [Number.NaN, 1e-30], [0, 5]]); // biome-ignore format: one line
  const teacherFeatures = [tf.randomNormal([3, 2, 2, 1]), tf.randomNormal([3, 4])];
  const before = tf.memory().numTensors;
  await writeTeacherOutputs(store, { teacherLogits, teacherFeatures });
  expect(tf.memory().numTensors).toBe(before);
  const stored = await readTeacherOutputs(store);
  expect(tf.memory().numTensors).toBe(before + 3);
  expect(stored.teacherFeatures!.map((x) => x.shape)).toEqual([
    [3, 2, 2, 1],
    [3, 4],
  ]);
  for (const [got, own] of [
    [stored.teacherLogits, teacherLogits],
    [stored.teacherFeatures![0], teacherFeatures[0]],
    [stored.teacherFeatures![1], teacherFeatures[1]],
  ]) {
    expect(await valuesOf(got)).toEqual(await valuesOf(own));
  }
});

test.runIf(inject("backend").host === "node")("writes and reads a file", async () => {
  const [{ mkdtemp, rm }, { tmpdir }] = await Promise.all([
    import("node:fs/promises"),
    import("node:os"),
  ]);
  const folder = await mkdtemp(`${tmpdir()}/kd-cmi-`);
  try {
    const path = `${folder}/teacher.safetensors`;
    await writeTeacherOutputs(path, { teacherLogits: tf.tensor2d([[1, 2]]) });
    await writeTeacherOutputs(path, { teacherLogits: tf.tensor2d([[3, 4]]) });
    const { teacherLogits } = await readTeacherOutputs(path);
    expect(await valuesOf(teacherLogits)).toEqual([3, 4]);
    await expect(readTeacherOutputs(`${folder}/other`)).rejects.toThrow(
      `readTeacherOutputs: the outputs must be stored, got no file ${folder}/other`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.runIf(inject("backend").host === "chromium")("names what a browser needs", async () => {
  await expect(readTeacherOutputs("teacher.safetensors")).rejects.toThrow(
    "readTeacherOutputs: must run in Node, got a browser: fetch the file and pass its bytes",
  );
  await expect(writeTeacherOutputs("x", { teacherLogits: tf.zeros([1, 2]) })).rejects.toThrow(
    "writeTeacherOutputs: must run in Node, got a browser",
  );
});

describe("rejects, naming expected and actual:", () => {
  const entry = (dtype: string, shape: number[], end: number, start = 0) => ({
    dtype,
    shape,
    data_offsets: [start, end],
  });
  const bytes = (size: number) => new Uint8Array(size);
  const fn = "readTeacherOutputs:";

  test.each<[string, () => Uint8Array, ReadTeacherOptions, string]>([
    [
      "an empty file",
      () => bytes(0),
      {},
      "the file must be in the safetensors format and complete, got 0 bytes",
    ],
    [
      "a file that ends in its header",
      () => doubles().slice(0, 100),
      {},
      "the file must be in the safetensors format and complete, got 100 bytes",
    ],
    [
      "a file that ends in its data",
      () => doubles().slice(0, 271),
      {},
      "the file must be of 272 bytes, got 271",
    ],
    [
      "bytes after the end",
      () => fileOf({ logits: entry("F32", [1, 2], 8) }, bytes(9)),
      {},
      "the file must be of 77 bytes, got 78",
    ],
    [
      "another format",
      () => new TextEncoder().encode("PK\u0003\u0004 not safetensors"),
      {},
      "the file must be in the safetensors format and complete",
    ],
    [
      "a header that is no JSON",
      () => fileOf("").fill(0x21, 8),
      {},
      "the file must be in the safetensors format, got a header that is not a JSON object",
    ],
    [
      "a header without shapes",
      () => fileOf({ logits: { dtype: "F32" } }),
      {},
      "the file must be in the safetensors format, got an invalid header of logits",
    ],
    [
      "another shape than that of the data",
      () => fileOf({ logits: entry("F32", [2, 3], 8) }, bytes(8)),
      {},
      "the file must be consistent, logits F32 [2,3], got 8 bytes of it",
    ],
    [
      "integers",
      () => fileOf({ logits: entry("I64", [2, 1], 16) }, bytes(16)),
      {},
      "the file must be of F64, F32, F16, BF16, got logits of I64",
    ],
    [
      "features without names",
      named,
      { logits: "out" },
      "tensors besides out must be features.0, features.1, …, got y, layer; pass features: [names], [] for none",
    ],
    ["a name that the file lacks", named, { logits: "z", features: [] }, "the file must have a tensor z, got y, layer, out"], // biome-ignore format: one line
    ["no tensor", () => fileOf({}), {}, "the file must have a tensor logits, got none"],
    [
      "features of another number of samples",
      () => fileOf({ logits: entry("F32", [2, 1], 8), f: entry("F32", [1, 2], 16, 8) }, bytes(16)),
      { features: ["f"] },
      "f must be [2,...], got [1,2]",
    ],
    [
      "a vector",
      () => fileOf({ logits: entry("F32", [2], 8) }, bytes(8)),
      {},
      "logits must be [2,...], got [2]",
    ],
    ["features that are no list", named, { features: "layer" as never }, 'features must be a list of names in the file, got "layer"'], // biome-ignore format: one line
    ["an unknown option", named, { names: [] } as never, "options must be an object with only logits, features, channelsFirst, got names"], // biome-ignore format: one line
  ])("%s", async (_, file, options, message) => {
    const before = tf.memory().numTensors;
    await expect(readTeacherOutputs(file(), options)).rejects.toThrow(`${fn} ${message}`);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("a source or target of another kind", async () => {
    await expect(readTeacherOutputs(1 as never)).rejects.toThrow(
      `${fn} source must be a path, bytes or a store with a function read, got 1`,
    );
    await expect(readTeacherOutputs(memoryStore())).rejects.toThrow(
      `${fn} the outputs must be stored, got an empty store`,
    );
    const store = memoryStore();
    const write = (outputs: object, target: unknown = store) =>
      writeTeacherOutputs(target as never, outputs);
    const teacherLogits = tf.zeros([2, 3]);
    await expect(write({ teacherLogits }, {})).rejects.toThrow(
      "writeTeacherOutputs: target must be a path or a store with a function write, got object",
    );
    await expect(write({})).rejects.toThrow(
      "writeTeacherOutputs: outputs must have teacherLogits or teacherFeatures, got none",
    );
    await expect(write({ logits: teacherLogits })).rejects.toThrow("got logits");
    await expect(write({ teacherLogits, teacherFeatures: [tf.zeros([1, 3])] })).rejects.toThrow(
      "writeTeacherOutputs: teacherFeatures[0] must be float32 [2,...], got float32 [1,3]",
    );
    await expect(write({ teacherLogits: tf.zeros([2, 3], "int32") })).rejects.toThrow(
      "writeTeacherOutputs: teacherLogits must be float32 [2,...], got int32 [2,3]",
    );
    expect(await store.read()).toBeUndefined();
  });
});
