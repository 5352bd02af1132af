import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  checkData,
  checkTeacherTensors,
  type DistillationData,
  isDataset,
  mapTensors,
  sampleCount,
  tensorsOf,
} from "../../../src/layers/data/labelled-data.ts";

const xs = tf.ones([3, 2]);
const ys = tf.tensor1d([0, 1, 2], "int32");
const iterator = async () => ({ next: async () => ({ done: true as const, value: undefined }) });

const check = (data: unknown, needsLabels = true) =>
  checkData("fit", "data", data as DistillationData, needsLabels);

describe("checkData", () => {
  test.each([
    [{ xs, ys }],
    [{ xs: [xs, tf.zeros([3, 4, 4, 1])], ys }],
    [{ xs, ys, weights: tf.ones([3]) }],
    [{ xs, ys, weights: tf.ones([3, 7]), teacherLogits: xs, teacherFeatures: [xs, xs] }],
    [{ iterator }],
    [{ iterator, size: 4 }],
    [{ iterator, size: null }],
  ])("accepts %#", (data) => {
    expect(() => check(data)).not.toThrow();
  });

  test("accepts data without labels where they are not needed", () => {
    expect(() => check({ xs }, false)).not.toThrow();
    expect(() => check({ xs: [xs] }, false)).not.toThrow();
  });

  const pair = "must be {xs, ys} or a tf.data.Dataset, got";
  const labels = "the labels of data must be a tensor [samples,...] with at least 1 sample, got";
  const rows = "the inputs of data must be tensors [3,...], a row for each label, got";
  const some = "the inputs of data must be tensors [samples,...] with at least 1 sample, got";
  test.each([
    [null, `data ${pair} null`],
    [undefined, `data ${pair} undefined`],
    [7, `data ${pair} number`],
    ["mnist", `data ${pair} string`],
    [{ images: xs }, `data ${pair} object`],
    [{ iterator: 3 }, `data ${pair} object`],
    [{ xs }, `${labels} undefined`],
    [{ xs, ys: [0, 1, 2] }, `${labels} object`],
    [{ xs, ys: tf.scalar(1) }, `${labels} []`],
    [{ xs: tf.ones([0, 2]), ys: tf.ones([0]) }, `${labels} [0]`],
    [{ ys }, `${rows} undefined`],
    [{ xs: [], ys }, `${rows} none`],
    [{ xs: tf.ones([4, 2]), ys }, `${rows} [4,2]`],
    [{ xs: [xs, tf.ones([4, 2])], ys }, `${rows} [3,2], [4,2]`],
    [{ xs: [xs, [1]], ys }, `${rows} [3,2], object`],
    [
      { xs, ys, weights: tf.ones([4]) },
      "weights of data must be float32 [3] or [3,...], got float32 [4]",
    ],
    [{ xs, ys, weights: ys }, "weights of data must be float32 [3] or [3,...], got int32 [3]"],
    [
      { xs, ys, weights: [1, 1, 1] },
      "weights of data must be float32 [3] or [3,...], got an array",
    ],
    [
      { iterator, size: Number.POSITIVE_INFINITY },
      "data must be finite, got an endless data set; omit repeat() or limit it by take()",
    ],
  ])("refuses %#", (data, message) => {
    expect(() => check(data)).toThrow(new Error(`fit: ${message}`));
  });

  test.each([
    [{ xs: tf.ones([0, 2]) }, `${some} [0,2]`],
    [{ xs: [] }, `${some} none`],
    [{ xs: 3 }, `${some} number`],
  ])("refuses %# without labels", (data, message) => {
    expect(() => check(data, false)).toThrow(new Error(`fit: ${message}`));
  });

  test("names the option that limits an endless data set, or takes it as it is", () => {
    const endless = { iterator, size: Number.POSITIVE_INFINITY };
    expect(() => checkData("fit", "data", endless, true, false, "batches")).toThrow(
      new Error(
        "fit: data must be finite, got an endless data set; omit repeat() or limit it by take(), or set batches",
      ),
    );
    expect(() => checkData("fit", "data", endless, true, true)).not.toThrow();
  });

  test("refuses disposed tensors", () => {
    const gone = tf.ones([3, 2]);
    gone.dispose();
    const disposed = (what: string) =>
      new Error(`fit: ${what} must not be disposed, got a disposed float32 [3,2]`);
    expect(() => check({ xs: gone, ys })).toThrow(disposed("the inputs of data"));
    expect(() => check({ xs, ys: gone })).toThrow(disposed("the labels of data"));
    expect(() => check({ xs, ys, weights: gone })).toThrow(disposed("weights of data"));
  });
});

describe("checkTeacherTensors", () => {
  test.each([
    [{ teacherLogits: ys }, "teacherLogits must be float32 [3,...], got int32 [3]"],
    [{ teacherLogits: tf.ones([3]) }, "teacherLogits must be float32 [3,...], got float32 [3]"],
    [
      { teacherLogits: tf.ones([4, 2]) },
      "teacherLogits must be float32 [3,...], got float32 [4,2]",
    ],
    [
      { teacherFeatures: xs },
      "teacherFeatures must be a list of at least 1 tensor, got a tf.Tensor float32 [3,2]",
    ],
    [{ teacherFeatures: [] }, "teacherFeatures must be a list of at least 1 tensor, got none"],
    [{ teacherFeatures: [xs, 1] }, "teacherFeatures[1] must be float32 [3,...], got 1"],
  ])("refuses %#", (outputs, message) => {
    expect(() => checkTeacherTensors("fit", outputs as never, 3)).toThrow(
      new Error(`fit: ${message}`),
    );
  });

  test("accepts none, and rows of any rank", () => {
    expect(() => checkTeacherTensors("fit", {}, 3)).not.toThrow();
    const outputs = { teacherLogits: xs, teacherFeatures: [tf.ones([3, 4, 4, 2])] };
    expect(() => checkTeacherTensors("fit", outputs, 3)).not.toThrow();
  });
});

test("tensorsOf and mapTensors reach all tensors of data and nothing else", () => {
  const [weights, teacherLogits, feature] = [tf.ones([3]), tf.ones([3, 4]), tf.ones([3, 5])];
  const all = { xs: [xs], ys, weights, teacherLogits, teacherFeatures: [feature] };
  expect(tensorsOf(all)).toEqual([xs, ys, weights, teacherLogits, feature]);
  expect(tensorsOf({ xs })).toEqual([xs]);
  const shapes = mapTensors(all, (x) => tf.zeros([x.rank]));
  expect(tensorsOf(shapes).map(({ size }) => size)).toEqual([2, 1, 1, 2, 2]);
  expect(mapTensors({ xs }, (x) => x)).toEqual({ xs });
  expect(sampleCount({ xs: [] })).toBe(0);
  expect(isDataset({ xs, iterator: 1 } as never)).toBe(false);
});
