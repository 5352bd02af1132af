import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { overhaulMargin } from "../../../src/index.ts";
import golden from "../../golden/overhaul.json";
import { expectClose, expectNoLeak, type Golden, reference, toTensor } from "../../support.ts";

for (const { name, inputs } of (golden as unknown as Golden).cases) {
  test(`the margins of ${name}`, async () => {
    const margin = overhaulMargin(toTensor(inputs.scale!), toTensor(inputs.offset!));
    await expectClose(margin, inputs.margin!);
  });
}

const margin = async (scale: number, offset: number) =>
  (await overhaulMargin(tf.tensor1d([scale]), tf.tensor1d([offset])).data())[0]!;

describe("one channel", () => {
  // E[x | x < 0] in float64, by adding up a million steps of the density.
  const mean = (scale: number, offset: number) => {
    const [steps, from] = [1_000_000, Math.min(0, offset) - 12 * scale];
    let [mass, moment] = [0, 0];
    for (let k = 0; k < steps; k++) {
      const x = from * ((k + 0.5) / steps);
      const density = Math.exp(-(((x - offset) / scale) ** 2) / 2);
      mass += density;
      moment += density * x;
    }
    return moment / mass;
  };

  test.each([
    [1, 0],
    [1, -2],
    [2, 3],
    [0.5, 1.5],
    [0.3, 0.9],
    [0.01, -4],
  ])("of scale %d and offset %d has the mean of its negative values", async (scale, offset) => {
    await expectClose(tf.scalar(await margin(scale, offset)), reference(mean(scale, offset)));
    expect(await margin(-scale, offset)).toBe(await margin(scale, offset));
  });

  test("that is rarely negative has three deviations below zero", async () => {
    expect(await margin(1, 3.1)).toBe(-3);
    expect(await margin(1, 3.08)).toBeGreaterThan(-0.3);
    expect(await margin(0.5, 1e6)).toBe(-1.5);
  });

  test("without deviation is its offset, or 0", async () => {
    expect(await margin(0, -0.5)).toBeCloseTo(-0.5, 6);
    expect((await margin(0, 0.5)) + 0).toBe(0);
    expect(Number.isFinite(await margin(1e-30, -1e4))).toBe(true);
  });
});

test("leaves no tensor behind", () => {
  const [scale, offset] = [tf.ones([4]), tf.zeros([4])];
  expectNoLeak(() => overhaulMargin(scale, offset));
});

test("rejects other shapes", () => {
  expect(() => overhaulMargin(tf.ones([2, 3]), tf.ones([6]))).toThrow(
    "overhaulMargin: scale must be float32 [6], got float32 [2,3]",
  );
  expect(() => overhaulMargin(tf.ones([3]), tf.ones([2]))).toThrow(
    "overhaulMargin: offset must be float32 [3], got float32 [2]",
  );
  expect(() => overhaulMargin([1] as never, tf.ones([1]))).toThrow(
    "overhaulMargin: scale must be a tf.Tensor, got an array",
  );
});
