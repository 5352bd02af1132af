import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { GREY, type Images, pick } from "../../experiments/data/images.ts";
import { loadMnist } from "../../experiments/data/load.ts";
import { range } from "../../experiments/data/order.ts";
import { estimate } from "../../experiments/pipeline/training.ts";
import { TEST_IMAGES, TRAIN_IMAGES } from "../../playground/data/counts.ts";
import { packed, rounded, unpacked } from "../../playground/data/packed-images.ts";
import { quantized } from "../../playground/data/quantized-weights.ts";
import { readTeacher } from "../../playground/data/read-teacher.ts";
import { shippedImages } from "../../playground/data/shipped.ts";
import firstView from "../../playground/first-view.json" with { type: "json" };
import { viewer } from "../../playground/worker/views.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { root } from "../package/support.ts";

/** Compares bytes at once. The comparison of large arrays by Vitest takes minutes. */
function expectSame(images: Images, expected: Images): void {
  expect(Buffer.compare(images.pixels, expected.pixels)).toBe(0);
  expect(Buffer.compare(images.labels, expected.labels)).toBe(0);
}

const shipped = (path: string) => join(root, "playground/public", path);

beforeAll(async () => {
  await startNodeBackend("wasm");
  registerTrainingKernels();
  const program = join(root, "playground/data/make-images.ts");
  execFileSync(process.execPath, ["--import", "tsx", program], { cwd: root });
});

describe("the shipped images", () => {
  test("are images of MNIST in 16 levels, training images first", () => {
    const data = loadMnist();
    const bytes = inflateRawSync(readFileSync(shipped("images.bin")));
    const images = { ...unpacked(bytes), shape: GREY };
    const { train, test } = shippedImages(data);
    const count = TRAIN_IMAGES + TEST_IMAGES;
    expect(images.labels).toHaveLength(count);
    expectSame(pick(images, range(TRAIN_IMAGES)), train);
    expectSame(pick(images, range(count).slice(TRAIN_IMAGES)), test);
    const first = pick(data.test, range(TEST_IMAGES));
    expect([...test.labels]).toEqual([...first.labels]);
    const errors = test.pixels.map((pixel, i) => Math.abs(pixel - first.pixels[i]!));
    expect(errors.reduce((a, b) => Math.max(a, b))).toBe(8); // half a level
  });

  test("are small with the teacher", () => {
    const bytes = ["images.bin", "teacher/model.json", "teacher/weights.bin"].map(
      (path) => statSync(shipped(path)).size,
    );
    expect(bytes.reduce((a, b) => a + b)).toBeLessThan(1_100_000);
  });

  test("survive packing", () => {
    const pixels = Uint8Array.from({ length: 2 * 784 }, (_, i) => (i * 37) % 256);
    const images = rounded({ pixels, labels: Uint8Array.of(3, 9), shape: GREY });
    expect(unpacked(packed(images))).toEqual({ pixels: images.pixels, labels: images.labels });
    expect(rounded(images)).toEqual(images);
  });

  test("are rejected if bytes are missing", () => {
    expect(() => unpacked(new Uint8Array(400))).toThrow(
      "images must have 393 bytes each, got 400 in all",
    );
  });
});

describe("quantized weights", () => {
  test("are read by TensorFlow.js with an error of at most half a step", () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const { entry, bytes } = quantized("w", [10, 100], values);
    const { w } = tf.io.decodeWeights(bytes.buffer as ArrayBuffer, [entry]);
    expect(w!.shape).toEqual([10, 100]);
    const errors = w!.dataSync().map((value, i) => Math.abs(value - values[i]!));
    expect(Math.max(...errors)).toBeLessThan(1.001 / 255);
    expect(Math.max(...errors)).toBeGreaterThan(0.9 / 255);
    w!.dispose();
  });

  test("may all be equal", () => {
    const { entry, bytes } = quantized("b", [2], [0.25, 0.25]);
    const { b } = tf.io.decodeWeights(bytes.buffer as ArrayBuffer, [entry]);
    expect([...b!.dataSync()]).toEqual([0.25, 0.25]);
    b!.dispose();
  });
});

test("the shipped teacher is that of the experiments: accurate, with a small CMI", async () => {
  const model = await readTeacher();
  expect(model.countParams()).toBe(784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10);
  const { train, test } = shippedImages(loadMnist());
  const onTest = await estimate(model, test);
  expect(onTest.accuracy).toBeGreaterThanOrEqual(0.974); // 0.975 before rounding
  const { cmi, accuracy } = await estimate(model, train);
  expect(accuracy).toBeGreaterThan(0.999);
  expect(cmi).toBeLessThan(0.004);

  const view = await viewer({ train, test }).teacher(model);
  expect(view.cmi).toBeCloseTo(firstView.cmi, 5);
  expect(view.accuracy).toBeCloseTo(firstView.accuracy, 2);
  expect([...view.labels]).toEqual(firstView.labels);
  const moves = view.points.map((x, i) => Math.abs(x - firstView.points[i]!));
  expect(Math.max(...moves)).toBeLessThan(0.002);
  model.dispose();
});
