import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as checks from "../../src/internal/checks.ts";

const zeros = (shape: number[], dtype: tf.DataType = "float32") => tf.zeros(shape, dtype);
const gone = () => {
  const x = zeros([2, 3]);
  x.dispose();
  return x;
};

/** A check, values that it accepts, and values that it refuses with what the message says of them. */
interface Subject {
  check: (value: never) => unknown;
  /** What the message says is expected. */
  expected: string;
  accepted: readonly unknown[];
  refused: readonly (readonly [value: unknown, got: string])[];
}

const matrix: Subject = {
  check: (x: tf.Tensor) => checks.checkMatrix("f", "x", x),
  expected: "f: x must be float32 [batch,classes]",
  accepted: [zeros([2, 3]), zeros([1, 1])],
  refused: [
    [zeros([6]), "float32 [6]"],
    [zeros([1, 2, 3]), "float32 [1,2,3]"],
    [zeros([2, 3], "int32"), "int32 [2,3]"],
    [zeros([0, 3]), "float32 [0,3]"],
    [zeros([2, 0]), "float32 [2,0]"],
  ],
};

const rows: Subject = {
  check: (x: tf.Tensor) => checks.checkRows("f", "x", x),
  expected: "f: x must be float32 [batch,...,classes]",
  accepted: [zeros([2, 1]), zeros([2, 3, 4])],
  refused: [
    [zeros([6]), "float32 [6]"],
    [zeros([2, 3], "bool"), "bool [2,3]"],
    [zeros([2, 0]), "float32 [2,0]"],
  ],
};

const maps: Subject = {
  check: (x: tf.Tensor) => checks.checkMaps("f", "x", x),
  expected: "f: x must be float32 [batch,height,width,channels]",
  accepted: [zeros([1, 2, 2, 1])],
  refused: [
    [zeros([1, 2, 2]), "float32 [1,2,2]"],
    [zeros([1, 1, 2, 2, 1]), "float32 [1,1,2,2,1]"],
    [zeros([1, 2, 2, 1], "int32"), "int32 [1,2,2,1]"],
    [zeros([0, 2, 2, 1]), "float32 [0,2,2,1]"],
  ],
};

const cams: Subject = {
  check: (x: tf.Tensor) => checks.checkCams("f", "x", x),
  expected: "f: x must be float32 [batch,height,width]",
  accepted: [zeros([1, 2, 2])],
  refused: [
    [zeros([1, 2]), "float32 [1,2]"],
    [zeros([1, 2, 2, 1]), "float32 [1,2,2,1]"],
    [zeros([1, 2, 2], "int32"), "int32 [1,2,2]"],
    [zeros([1, 0, 2]), "float32 [1,0,2]"],
  ],
};

const images: Subject = {
  check: (x: tf.Tensor) => checks.checkSquareImages("f", "x", x),
  expected: "f: x must be square images [batch,size,size,channels]",
  accepted: [zeros([1, 2, 2, 1]), zeros([1, 2, 2, 3], "int32"), zeros([1, 2, 2, 1], "bool")],
  refused: [
    [zeros([2, 2, 2]), "float32 [2,2,2]"],
    [zeros([1, 2, 3, 1]), "float32 [1,2,3,1]"],
    [zeros([0, 2, 2, 1]), "float32 [0,2,2,1]"],
    [tf.tensor4d([[[["a"]]]], [1, 1, 1, 1], "string"), "string [1,1,1,1]"],
  ],
};

const features: Subject = {
  check: (x: tf.Tensor) => checks.checkFeatures("f", "x", x),
  expected: "f: x must be float32 [batch,...]",
  accepted: [zeros([2, 1]), zeros([2, 3, 3, 1])],
  refused: [
    [zeros([2]), "float32 [2]"],
    [zeros([2, 3], "int32"), "int32 [2,3]"],
    [zeros([2, 0]), "float32 [2,0]"],
  ],
};

const centroids: Subject = {
  check: (x: tf.Tensor) => checks.checkCentroids("f", x, 3),
  expected: "f: centroids must be float32 [3,3]",
  accepted: [zeros([3, 3])],
  refused: [
    [zeros([3, 2]), "float32 [3,2]"],
    [zeros([3, 3], "int32"), "int32 [3,3]"],
  ],
};

const vector: Subject = {
  check: (x: tf.Tensor) => checks.checkVector("f", "x", x, 3),
  expected: "f: x must be float32 [3]",
  accepted: [zeros([3])],
  refused: [
    [zeros([2]), "float32 [2]"],
    [zeros([3, 1]), "float32 [3,1]"],
    [zeros([3], "int32"), "int32 [3]"],
  ],
};

const labels: Subject = {
  check: (x: tf.Tensor) => checks.checkLabelShape("f", x, { shape: [2, 3] }),
  expected: "f: labels must be int32 class indices [2] or one-hot [2,3]",
  accepted: [
    zeros([2], "int32"),
    zeros([2, 1], "int32"),
    zeros([2, 1]),
    zeros([2, 3]),
    zeros([2, 3], "int32"),
    zeros([2, 3], "bool"),
  ],
  refused: [
    [zeros([2]), "float32 [2]"],
    [zeros([3], "int32"), "int32 [3]"],
    [zeros([2, 1], "bool"), "bool [2,1]"],
    [zeros([2, 2]), "float32 [2,2]"],
    [tf.tensor2d(["a", "b"], [2, 1], "string"), "string [2,1]"],
  ],
};

const positionLabels: Subject = {
  check: (x: tf.Tensor) => checks.checkLabelShape("f", x, { shape: [2, 4, 3] }),
  expected: "f: labels must be int32 class indices [2,4] or one-hot [2,4,3]",
  accepted: [zeros([2, 4], "int32"), zeros([2, 4, 1]), zeros([2, 4, 3])],
  refused: [
    [zeros([2], "int32"), "int32 [2]"],
    [zeros([2, 1]), "float32 [2,1]"],
  ],
};

const labelRank: Subject = {
  check: (x: tf.Tensor) => checks.checkLabelRank("f", x),
  expected: "f: labels must be int32 class indices [batch] or one-hot [batch,classes]",
  accepted: [zeros([2], "int32"), zeros([2, 3]), zeros([2, 3], "int32"), zeros([2, 3], "bool")],
  refused: [
    [zeros([2]), "float32 [2]"],
    [zeros([2], "bool"), "bool [2]"],
    [zeros([0], "int32"), "int32 [0]"],
    [zeros([2, 0]), "float32 [2,0]"],
    [zeros([2, 3, 4]), "float32 [2,3,4]"],
    [zeros([], "int32"), "int32 []"],
    [tf.tensor2d(["a"], [1, 1], "string"), "string [1,1]"],
  ],
};

const denseLabels: Subject = {
  check: (x: tf.Tensor) => checks.checkDenseLabels("f", x),
  expected: "f: labels must be int32 class indices [batch,...] or one-hot [batch,...,classes]",
  accepted: [
    zeros([2], "int32"),
    zeros([2, 3]),
    zeros([2, 3, 4]),
    zeros([2, 3, 4], "int32"),
    zeros([2, 3, 4], "bool"),
  ],
  refused: [
    [zeros([2, 0, 4]), "float32 [2,0,4]"],
    [tf.tensor3d(["a"], [1, 1, 1], "string"), "string [1,1,1]"],
  ],
};

const sameShape: Subject = {
  check: (x: tf.Tensor) => checks.checkSameShape("f", "x", x, "y", zeros([2, 3])),
  expected: "f: x must be float32 [2,3]",
  accepted: [zeros([2, 3])],
  refused: [[zeros([2, 3], "int32"), "int32 [2,3]"]],
};

const otherShape: Subject = {
  check: (x: tf.Tensor) => checks.checkSameShape("f", "x", x, "y", zeros([2, 3])),
  expected: "f: x must have the shape of y [2,3]",
  accepted: [],
  refused: [
    [zeros([2, 4]), "[2,4]"],
    [zeros([2, 3, 1]), "[2,3,1]"],
  ],
};

const sameBatch: Subject = {
  check: (x: tf.Tensor) => checks.checkSameBatch("f", "x", x, "y", zeros([2, 3])),
  expected: "f: x must have the batch of y [2,3]",
  accepted: [zeros([2, 5])],
  refused: [[zeros([3, 2]), "[3,2]"]],
};

const weights: Subject = {
  check: (x: tf.Tensor | undefined) => checks.checkWeights("f", x, zeros([2, 4, 3])),
  expected: "f: weights must be float32 [2,4] or [2]",
  accepted: [undefined, zeros([2]), zeros([2, 4])],
  refused: [
    [zeros([4]), "float32 [4]"],
    [zeros([2, 4, 3]), "float32 [2,4,3]"],
    [zeros([2, 4], "int32"), "int32 [2,4]"],
  ],
};

const flatWeights: Subject = {
  check: (x: tf.Tensor | undefined) => checks.checkWeights("f", x, zeros([2, 3])),
  expected: "f: weights must be float32 [2]",
  accepted: [zeros([2])],
  refused: [[zeros([3]), "float32 [3]"]],
};

const tensorChecks: Record<string, Subject> = {
  ...{ checkMatrix: matrix, checkRows: rows, checkMaps: maps, checkCams: cams },
  ...{ checkSquareImages: images, checkFeatures: features, checkCentroids: centroids },
  ...{ checkVector: vector, checkLabelShape: labels, checkLabelRank: labelRank },
  ...{ checkDenseLabels: denseLabels, checkSameShape: sameShape },
  "checkSameShape of another shape": otherShape,
  "checkLabelShape of positions": positionLabels,
};

const number: Subject = {
  check: (x: number) => checks.checkNumber("f", "x", x),
  expected: "f: x must be a finite number",
  accepted: [-1e300, 0, 2],
  refused: [
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ["1", "1"],
  ],
};

const inOpenRange: Subject = {
  check: (x: number) => checks.checkNumber("f", "x", x, { above: 0, maximum: 1 }),
  expected: "f: x must be a finite number > 0 and <= 1",
  accepted: [1e-9, 1],
  refused: [
    [0, "0"],
    [-1, "-1"],
    [1.001, "1.001"],
  ],
};

const inClosedRange: Subject = {
  check: (x: number) => checks.checkNumber("f", "x", x, { minimum: 2 }),
  expected: "f: x must be a finite number >= 2",
  accepted: [2, 3],
  refused: [[1.999, "1.999"]],
};

const integer: Subject = {
  check: (x: number) => checks.checkInteger("f", "x", x, 2),
  expected: "f: x must be an integer >= 2",
  accepted: [2, 2 ** 53 - 1],
  refused: [
    [1, "1"],
    [2.5, "2.5"],
    [2 ** 53, "9007199254740992"],
    [Number.NaN, "NaN"],
  ],
};

const temperature: Subject = {
  check: (x: number) => checks.checkTemperature("f", x),
  expected: "f: temperature must be within 1e-18 to 1e18",
  accepted: [1e-18, 4, 1e18],
  refused: [
    [0.99e-18, "9.9e-19"],
    [1.01e18, "1010000000000000000"],
  ],
};

const negativeTemperature: Subject = {
  check: (x: number) => checks.checkTemperature("f", x),
  expected: "f: temperature must be a finite number > 0",
  accepted: [],
  refused: [
    [0, "0"],
    [Number.NaN, "NaN"],
  ],
};

const sampleShape: Subject = {
  check: (x: readonly number[]) => checks.checkSampleShape("f", "x", x),
  expected: "f: x must be a list of integers >= 1",
  accepted: [[1], [3, 4, 5]],
  refused: [
    [[], "[]"],
    [[0], "[0]"],
    [[1.5, 2], "[1.5,2]"],
    [3, "3"],
  ],
};

const namedShape: Subject = {
  check: (x: readonly number[]) => checks.checkSampleShape("f", "x", x, ["height", "width"]),
  expected: "f: x must be [height,width] of integers >= 1",
  accepted: [[1, 7]],
  refused: [
    [[7], "[7]"],
    [[1, 2, 3], "[1,2,3]"],
    [[1, -2], "[1,-2]"],
  ],
};

const reduction: Subject = {
  check: (x: tf.Reduction) => checks.checkReduction("f", x),
  expected: "f: reduction must be one of tf.Reduction",
  accepted: [tf.Reduction.NONE, tf.Reduction.SUM_BY_NONZERO_WEIGHTS],
  refused: [
    [4, "4"],
    ["MEAN", "MEAN"],
    [null, "null"],
  ],
};

interface Options {
  temperature?: number;
  weights?: tf.Tensor1D;
}
const checkOptions = (options: Options, name?: string) =>
  checks.checkOptions("f", options, ["temperature", "weights"], name);

const options: Subject = {
  check: (x: Options) => checkOptions(x),
  expected: "f: options must be an object with only temperature, weights",
  accepted: [{}, { temperature: 2 }, { temperature: undefined, weights: undefined }],
  refused: [
    [{ temprature: 2, temperature: 1, a: 1 }, "temprature, a"],
    [null, "null"],
    [undefined, "undefined"],
    [10, "10"],
    [true, "true"],
    ["mean", '"mean"'],
    [[1], "an array"],
    [() => 1, "function"],
    [Symbol("x"), "symbol"],
    [Promise.resolve({}), "a Promise"],
    [zeros([2]), "a tf.Tensor float32 [2]"],
  ],
};

const subjects: Record<string, Subject> = {
  ...tensorChecks,
  checkSameBatch: sameBatch,
  checkWeights: weights,
  "checkWeights of a matrix": flatWeights,
  checkNumber: number,
  "checkNumber within an open range": inOpenRange,
  "checkNumber within a closed range": inClosedRange,
  checkInteger: integer,
  checkTemperature: temperature,
  "checkTemperature of no temperature": negativeTemperature,
  checkSampleShape: sampleShape,
  "checkSampleShape with names": namedShape,
  checkReduction: reduction,
  checkOptions: options,
};

const messageOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

describe.each(Object.entries(subjects))("%s", (_, { check, expected, accepted, refused }) => {
  test("accepts what is right", () => {
    for (const value of accepted) expect(messageOf(() => check(value as never))).toBe("no error");
  });

  test("names function, argument, expected and actual", () => {
    for (const [value, got] of refused) {
      expect(messageOf(() => check(value as never))).toBe(`${expected}, got ${got}`);
    }
  });
});

test.each(Object.entries(tensorChecks))("%s refuses what is no tensor", (_, { check }) => {
  for (const [value, got] of [
    [[1, 2], "an array"],
    [null, "null"],
    [undefined, "undefined"],
    [2, "number"],
  ]) {
    expect(messageOf(() => check(value as never))).toMatch(
      new RegExp(`^f: \\w+ must be a tf.Tensor, got ${got}$`),
    );
  }
  expect(messageOf(() => check(gone() as never))).toMatch(
    /^f: \w+ must not be disposed, got a disposed float32 \[2,3\]$/,
  );
});

test("checkWeights refuses a disposed tensor", () => {
  expect(messageOf(() => checks.checkWeights("f", gone(), zeros([2, 3])))).toBe(
    "f: weights must not be disposed, got a disposed float32 [2,3]",
  );
});

test("checkMatrix and checkRows name their axes", () => {
  expect(messageOf(() => checks.checkMatrix("f", "x", zeros([2]), "dim", "size"))).toBe(
    "f: x must be float32 [size,dim], got float32 [2]",
  );
  expect(messageOf(() => checks.checkRows("f", "x", zeros([2]), "labels"))).toBe(
    "f: x must be float32 [batch,...,labels], got float32 [2]",
  );
});

test("checkLogits needs two classes, and names the loss for one", () => {
  expect(messageOf(() => checks.checkLogits("f", "x", zeros([4, 2])))).toBe("no error");
  expect(messageOf(() => checks.checkLogits("f", "x", zeros([4, 5, 1])))).toBe(
    "f: x must have at least 2 classes, got [4,5,1]; outputs of a single logit need a binary loss (binaryKdLoss)",
  );
});

test("checkLogitPair names teacher and student", () => {
  const check = (teacher: tf.Tensor, student: tf.Tensor) =>
    messageOf(() => checks.checkLogitPair("f", teacher, student));
  expect(check(zeros([2, 3]), zeros([2, 3]))).toBe("no error");
  expect(check(zeros([2]), zeros([2, 3]))).toBe(
    "f: teacherLogits must be float32 [batch,...,classes], got float32 [2]",
  );
  expect(check(zeros([2, 3]), zeros([2, 4]))).toBe(
    "f: studentLogits must have the shape of teacherLogits [2,3], got [2,4]",
  );
});

test("checkOptions names another argument", () => {
  expect(messageOf(() => checkOptions({ a: 1 } as Options, "state"))).toBe(
    "f: state must be an object with only temperature, weights, got a",
  );
});

test("checkDenseLabels of rank 1 and 2 are those of samples", () => {
  for (const x of [zeros([2]), zeros([2, 0])]) {
    expect(messageOf(() => checks.checkDenseLabels("f", x))).toBe(
      `f: labels must be int32 class indices [batch] or one-hot [batch,classes], got float32 [${x.shape}]`,
    );
  }
});

test("columnsOf is the last dimension, and 1 for a scalar", () => {
  expect([zeros([2, 3]), zeros([])].map(checks.columnsOf)).toEqual([3, 1]);
});
