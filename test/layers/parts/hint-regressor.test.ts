import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { hintRegressor } from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";
import {
  expectFit,
  expectSaved,
  expectTraining,
  normal,
  setWeights,
  useTrainingKernels,
} from "../support.ts";

useTrainingKernels();

/** The result of the convolution alone for maps with a single channel. */
function convolve(regressor: tfl.LayersModel, kernel: number[], maps: number[][]): tf.Tensor {
  const weights = regressor.getWeights();
  const size = Math.sqrt(kernel.length);
  const filter = tf.tensor4d(kernel, [size, size, 1, 1]);
  const [, , gamma, beta, mean] = weights as tf.Tensor[];
  // Bypasses ReLU by a shift before and after it.
  regressor.setWeights([filter, tf.zeros([1]), gamma!, tf.add(beta!, 100), mean!, tf.ones([1])]);
  const x = tf.reshape(tf.tensor2d(maps), [1, maps.length, maps.length, 1]);
  const y = tf.sub(regressor.apply(x) as tf.Tensor, 100);
  const [, h, w] = y.shape as number[];
  return tf.reshape(tf.mul(y, Math.sqrt(1 + 1e-5)), [h!, w!]);
}

const count = (to: number) => Array.from({ length: to }, (_, i) => i + 1);

test("halves the size by a convolution with padding on all sides, as in PyTorch", async () => {
  const regressor = hintRegressor({ studentShape: [4, 4, 1], teacherShape: [2, 2, 1] });
  const maps = [
    [1, 0, 0, 2],
    [0, 3, 0, 0],
    [0, 0, 0, 0],
    [4, 0, 0, 5],
  ];
  // Row r of the result reads the rows 2r − 1 to 2r + 1.
  const data = [1 * 5 + 3 * 9, 3 * 7 + 2 * 6, 3 * 3 + 4 * 8, 3 * 1 + 5 * 9];
  await expectClose(convolve(regressor, count(9), maps), { shape: [2, 2], data }, 1e-3);
});

test("doubles the size by a transposed convolution cropped by one on all sides", async () => {
  const regressor = hintRegressor({ studentShape: [2, 2, 1], teacherShape: [4, 4, 1] });
  const maps = [
    [1, 0],
    [0, 0],
  ];
  const data = [6, 7, 8, 0, 10, 11, 12, 0, 14, 15, 16, 0, 0, 0, 0, 0];
  await expectClose(convolve(regressor, count(16), maps), { shape: [4, 4], data }, 1e-3);
});

test("grows by a transposed convolution that reads every position of the result from the student", async () => {
  const regressor = hintRegressor({ studentShape: [2, 2, 1], teacherShape: [3, 3, 1] });
  const maps = [
    [1, 0],
    [0, 10],
  ];
  const data = [1, 2, 0, 3, 14, 20, 0, 30, 40];
  await expectClose(convolve(regressor, count(4), maps), { shape: [3, 3], data }, 1e-3);
});

const shapes = [
  ["equal sizes", [3, 3, 2], [3, 3, 4]],
  ["twice the size", [4, 6, 2], [2, 3, 3]],
  ["half the size", [2, 3, 2], [4, 6, 3]],
  ["larger otherwise", [5, 4, 2], [3, 1, 3]],
  ["7 to 8", [7, 7, 2], [8, 8, 3]],
  ["4 to 7", [4, 4, 2], [7, 7, 3]],
  ["1 to 4", [1, 1, 2], [4, 4, 3]],
  ["3 to 10 and 4 to 4", [3, 4, 2], [10, 4, 3]],
  ["larger and smaller", [5, 2, 2], [3, 5, 3]],
] as const;
for (const [name, studentShape, teacherShape] of shapes) {
  test(`${name}: has the teacher's shape and no negative values, saves, loads and trains`, {
    tags: "broad",
  }, async () => {
    const regressor = hintRegressor({ studentShape, teacherShape });
    setWeights(regressor);
    const [student, teacher] = [normal([2, ...studentShape], 1), normal([2, ...teacherShape], 2)];
    const loaded = await expectSaved(regressor, student);
    const hint = loaded.apply(student) as tf.Tensor;
    expect(hint.shape).toEqual(teacher.shape);
    expect(Math.abs(Math.min(...(await hint.data())))).toBe(0); // webgl's ReLU returns −0
    await expectTraining(() => {
      const hint = loaded.apply(student, { training: true }) as tf.Tensor;
      return tf.losses.meanSquaredError(teacher, hint);
    });
    await expectFit(loaded, student, teacher);
  });
}

test("rejects invalid options, naming expected and actual", () => {
  expect(() => hintRegressor({ studentShape: [4, 4], teacherShape: [4, 4, 2] })).toThrow(
    "hintRegressor: studentShape must be [height,width,channels] of integers >= 1, got [4,4]",
  );
  expect(() => hintRegressor({ studentShape: [4, 4, 1], teacherShape: [4, 0, 2] })).toThrow(
    "hintRegressor: teacherShape must be [height,width,channels] of integers >= 1, got [4,0,2]",
  );
});
