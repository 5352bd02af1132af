import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";
import { eigenCam } from "../../../src/index.ts";
import golden from "../../golden/eigen_cam.json";
import { expectClose, expectFinite, expectNoLeak, type Golden, toTensor } from "../../support.ts";
import { activationsOf, matrixOf } from "../support.ts";

const { backend, isFloat16 } = inject("backend");
const tolerance = isFloat16 ? 2e-2 : backend === "webgl" ? 1e-3 : 1e-4;

for (const { name, inputs, outputs } of (golden as unknown as Golden).cases) {
  test(`the maps of ${name}`, { tags: "float16" }, async () => {
    await expectClose(eigenCam(toTensor(inputs.activations!)), outputs.signCorrected!, tolerance);
  });
}

// Rounding the input to float32 rotates the axis by 6e-8 over the gap, which is 1e-4 for 0.9995.
for (const [second, bound] of [
  [0.5, tolerance],
  [0.99, tolerance],
  [0.999, tolerance],
  [0.9995, 1e-3],
] as const) {
  test(`a second singular value of ${second}, with more and fewer positions than channels`, {
    tags: "broad",
  }, async () => {
    for (const [positions, channels] of [
      [15, 5],
      [9, 24],
      [9, 2100],
    ] as const) {
      const { values, projection } = matrixOf(positions, channels, [1, second]);
      const maps = tf.tensor4d(values.flat(), [1, positions, 1, channels]);
      await expectClose(eigenCam(maps), { shape: [1, positions, 1], data: projection }, bound);
    }
  });
}

test("an image's map depends neither on other images nor on the scale of the activations", {
  tags: "broad",
}, async () => {
  const maps = activationsOf([5, 4, 3, 6], 1);
  const data = [...(await eigenCam(maps).data())];
  const parts = tf
    .split(maps, 5)
    .map((one, i) => tf.div(eigenCam(tf.mul(one, 10 ** (6 * i - 12))), 10 ** (6 * i - 12)));
  await expectClose(tf.concat(parts), { shape: [5, 4, 3], data }, 1e-3);
});

test("images with equal positions have maps of zeros, also in a batch with others", async () => {
  const alike = tf.tile(tf.randomUniform([1, 1, 1, 6], 0, 1, "float32", 1), [1, 3, 4, 1]);
  const maps = tf.concat([tf.zeros([1, 3, 4, 6]), activationsOf([1, 3, 4, 6], 1), alike]);
  const [zero, other, same] = (await tf.max(tf.abs(eigenCam(maps)), [1, 2]).array()) as number[];
  expect(zero).toBe(0);
  expect(other).toBeGreaterThan(0.1);
  expect(same).toBeLessThan(1e-6);
});

test("a single channel gives its centred values, and a single pixel 0", async () => {
  const channel = tf.tensor4d([1, 2, 3, 10], [1, 2, 2, 1]);
  await expectClose(eigenCam(channel), { shape: [1, 2, 2], data: [-3, -2, -1, 6] });
  await expectClose(eigenCam(tf.neg(channel)), { shape: [1, 2, 2], data: [-3, -2, -1, 6] });
  await expectClose(eigenCam(tf.ones([2, 1, 1, 3])), { shape: [2, 1, 1], data: [0, 0] });
});

test("equal singular values give a map of their space, the same in every run", async () => {
  for (const [positions, channels] of [
    [16, 6],
    [8, 24],
  ] as const) {
    const { values } = matrixOf(positions, channels, [1, 1, 0.3]);
    const maps = tf.tensor4d(values.flat(), [1, positions, 1, channels]);
    const [first, second] = [eigenCam(maps), eigenCam(maps)];
    await expectFinite(first);
    expect(await first.data()).toEqual(await second.data());
    expect((await tf.norm(first).data())[0]).toBeCloseTo(1, 3);
  }
});

test("needs less memory than the activations, with sums over chunks", {
  tags: "broad",
}, async () => {
  // Above the size at which a batch is split into chunks, with the proportions of 14x14x512.
  const maps = activationsOf([320, 6, 6, 95], 1);
  await maps.data();
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => eigenCam(maps));
  const input = maps.size * 4;
  expect((peakBytes - before) / input).toBeLessThan(0.6);
});

test("leaves no tensor behind", () => {
  const maps = activationsOf([3, 3, 3, 4], 1);
  expectNoLeak(() => eigenCam(maps));
});

test("rejects invalid input, naming expected and actual", () => {
  expect(() => eigenCam(tf.ones([2, 3, 4]))).toThrow(
    "eigenCam: activations must be float32 [batch,height,width,channels], got float32 [2,3,4]",
  );
  expect(() => eigenCam([] as never)).toThrow("activations must be a tf.Tensor, got an array");
});
