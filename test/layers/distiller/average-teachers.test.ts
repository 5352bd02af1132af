import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { averageTeachers, type Teacher, type TeacherOutputs } from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";

const [first, second] = [
  [
    [2, -1, 0.5],
    [60, -60, 0],
  ],
  [
    [-1, 3, 0],
    [50, -80, 49],
  ],
] as const;
const teachers = (): Teacher[] =>
  [first, second].map((rows) => () => tf.tensor2d(rows.map((row) => [...row])));
const inputs = () => tf.zeros([2, 4]);

const logSoftmax = (z: number[]) => {
  const largest = Math.max(...z);
  const log = Math.log(z.reduce((sum, x) => sum + Math.exp(x - largest), 0)) + largest;
  return z.map((x) => x - log);
};

/** T log Σ w softmax(z / T), in float64. */
function expected(weights: number[], temperature: number) {
  const total = weights.reduce((a, b) => a + b);
  const data = first.flatMap((_, i) => {
    const terms = [first, second].map((rows, k) =>
      logSoftmax(rows[i]!.map((z) => z / temperature)).map(
        (x) => x + Math.log(weights[k]! / total),
      ),
    );
    return [0, 1, 2].map((c) => {
      const [a, b] = terms.map((term) => term[c]!) as [number, number];
      return temperature * (Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));
    });
  });
  return { shape: [2, 3], data };
}

test.each([
  [undefined, undefined],
  [[3, 1], 4],
])("the mean of probabilities with weights %j at temperature %s", async (weights, temperature) => {
  const options = { weights, temperature };
  const { logits } = averageTeachers(teachers(), options)(inputs()) as TeacherOutputs;
  await expectClose(logits!, expected(weights ?? [1, 1], temperature ?? 1));
});

test("a masked class of one teacher keeps the other's share, one of both stays masked", async () => {
  const ofRow = (row: number[]) => () => tf.tensor2d([row, row]);
  const masked = [ofRow([0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]), ofRow([0, 0, Number.NEGATIVE_INFINITY])]; // biome-ignore format: one line
  const { logits } = averageTeachers(masked)(inputs()) as TeacherOutputs;
  const p = await tf.softmax(logits!).data();
  for (const [i, x] of [0.75, 0.25, 0].entries()) expect(p[i]).toBeCloseTo(x, 5);
});

test("NaN stays NaN in its row only", async () => {
  const wrong = () => tf.tensor2d([[Number.NaN, 0, 0], [0, 0, 0]]); // biome-ignore format: one line
  const { logits } = averageTeachers([wrong, teachers()[1]!])(inputs()) as TeacherOutputs;
  const values = [...(await logits!.data())];
  expect(values.map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
});

test("models and asynchronous teachers give a promise, and leave no tensor behind", async () => {
  const kernelInitializer = tfl.initializers.zeros();
  const layer = tfl.layers.dense({ units: 3, inputShape: [4], kernelInitializer });
  const model = tfl.sequential({ layers: [layer] });
  const later = async () => tf.tensor2d(second.map((row) => [...row]));
  const x = inputs();
  const before = tf.memory().numTensors;
  const result = averageTeachers([model, later])(x);
  expect(result).toBeInstanceOf(Promise);
  const { logits } = await result;
  expect(tf.memory().numTensors).toBe(before + 1);
  const p = await tf.softmax(logits!).data();
  const own = Math.exp(logSoftmax([...second[0]!])[1]!);
  expect(p[1]).toBeCloseTo((1 / 3 + own) / 2, 5);
});

test("rejects invalid input, naming expected and actual", async () => {
  const call = (...args: unknown[]) => averageTeachers(...(args as [Teacher[]]));
  expect(() => call([])).toThrow(
    "averageTeachers: teachers must be a list of at least 1, got none",
  );
  expect(() => call(teachers()[0])).toThrow("teachers must be a list of at least 1, got function");
  expect(() => call([1])).toThrow("averageTeachers: teacher must be a tf.LayersModel");
  expect(() => call(teachers(), { weights: [1] })).toThrow(
    "averageTeachers: weights must be a list of 2 numbers, got 1",
  );
  expect(() => call(teachers(), { weights: [1, 0] })).toThrow(
    "averageTeachers: weights[1] must be a finite number > 0, got 0",
  );
  expect(() => call(teachers(), { temperature: 0 })).toThrow(
    "averageTeachers: temperature must be a finite number > 0, got 0",
  );
  const wide = () => tf.zeros([2, 4]);
  expect(() => call([teachers()[0], wide])(inputs())).toThrow(
    "averageTeachers: the logits of teachers[1] must have the shape of those of teachers[0] [2,3], got [2,4]",
  );
  expect(() => call([() => ({ features: [wide()] })])(inputs())).toThrow(
    "averageTeachers: teachers[0] must have a single output [batch,...,classes], or return logits",
  );
  const single = () => tf.zeros([2, 1]);
  expect(() => call([single])(inputs())).toThrow(
    "averageTeachers: the logits of teachers[0] must have at least 2 classes, got [2,1]",
  );
});
