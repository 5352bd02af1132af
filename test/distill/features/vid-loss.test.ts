import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { vidLoss } from "../../../src/index.ts";
import golden from "../../golden/vid.json";
import {
  expectClose,
  expectFinite,
  expectNoLeak,
  type Golden,
  numericalGradient,
  reference,
  toTensor,
  valueAndGrads,
} from "../../support.ts";
import { mapsOf } from "./support.ts";

const valuesAndSlopes = (
  teacher: tf.Tensor,
  means: tf.Tensor,
  logScale: tf.Tensor,
  options?: { epsilon: number },
) => valueAndGrads(([x, scale]) => vidLoss(teacher, x!, scale!, options), [means, logScale]);

for (const { name, inputs, outputs, grads } of (golden as unknown as Golden).cases) {
  test(`value and gradient of ${name}, through the regressor`, { tags: "float16" }, async () => {
    const kernels = ["kernel0", "kernel1", "kernel2"].map((key) => toTensor(inputs[key]!));
    const [teacher, student] = [toTensor(inputs.teacher!), toTensor(inputs.student!)];
    // A 1×1 convolution is a product over the channels. Its gradient is written out because the
    // loss must not need tfjs' gradients.
    const layers = [tf.reshape(student, [-1, kernels[0]!.shape[0]!])] as tf.Tensor2D[];
    for (const [i, kernel] of kernels.entries()) {
      const input = i === 0 ? layers[0]! : tf.relu(layers[i]!);
      layers.push(tf.matMul(input, kernel as tf.Tensor2D));
    }
    const means = tf.reshape(layers[3]!, teacher.shape);
    const result = valuesAndSlopes(teacher, means, toTensor(inputs.logScale!));
    await expectClose(result.value, outputs.loss!);
    let slope = tf.reshape(result.grads[0]!, layers[3]!.shape);
    for (const i of [2, 1, 0]) {
      slope = tf.matMul(slope, kernels[i] as tf.Tensor2D, false, true);
      if (i > 0) slope = tf.mul(slope, tf.step(layers[i]!));
    }
    await expectClose(tf.reshape(slope, student.shape), grads.student!);
  });
}

test("both gradients match the formula, for rank 2 and 4 and any epsilon", {
  tags: "broad",
}, async () => {
  for (const shape of [
    [3, 4],
    [2, 2, 3, 4],
  ]) {
    // biome-ignore format: one line
    const [teacher, means] = [mapsOf(shape, 1), mapsOf(shape, 2)];
    const [t, m] = [[...(await teacher.data())], [...(await means.data())]];
    const scales = [-3, -0.5, 0.5, 4];
    const epsilon = 0.01;
    const formula = (mu: number[], alpha: number[]) => {
      const terms = mu.map((x, j) => {
        const variance = Math.log1p(Math.exp(alpha[j % 4]!)) + epsilon;
        return ((x - t[j]!) ** 2 / variance + Math.log(variance)) / 2;
      });
      return terms.reduce((a, b) => a + b) / terms.length;
    };
    const result = valuesAndSlopes(teacher, means, tf.tensor1d(scales), { epsilon });
    await expectClose(result.value, reference(formula(m, scales)));
    const slope = numericalGradient((x) => formula(x, scales), m);
    await expectClose(result.grads[0]!, { shape, data: slope });
    await expectClose(result.grads[1]!, reference(numericalGradient((x) => formula(m, x), scales)));
  }
});

test("pools larger maps of the teacher to the size of the regressed ones", async () => {
  const [batch, h, w, channels] = [2, 7, 5, 3];
  const [height, width] = [3, 2];
  const teacher = mapsOf([batch, h, w, channels], 1) as tf.Tensor4D;
  const means = mapsOf([batch, height, width, channels], 2);
  const logScale = tf.tensor1d([-1, 0, 2]);
  // Windows 0–2, 2–4, 4–6 of seven rows and 0–2, 2–4 of five columns.
  const rows = await teacher.array();
  const windowOf = (n: number, i: number, j: number, c: number) =>
    [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => rows[n]![2 * i + a]![2 * j + b]![c]!));
  const data = Array.from({ length: means.size }, (_, k) => {
    const [n, i, j, c] = tf.util.indexToLoc(k, 4, tf.util.computeStrides(means.shape));
    return windowOf(n!, i!, j!, c!).reduce((a, b) => a + b) / 9;
  });
  const pooled = tf.tensor(data, means.shape);
  const expected = valuesAndSlopes(pooled, means, logScale);
  const { value, grads } = valuesAndSlopes(teacher, means, logScale);
  for (const [got, right] of [
    [value, expected.value],
    [grads[0]!, expected.grads[0]!],
    [grads[1]!, expected.grads[1]!],
  ] as const) {
    await expectClose(got, { shape: right.shape, data: [...(await right.data())] });
  }
  expectNoLeak(() => vidLoss(teacher, means, logScale));
});

test("is minimal where the variance is the mean squared error", { tags: "broad" }, async () => {
  const property = fc.asyncProperty(fc.nat(99), fc.integer({ min: 2, max: 5 }), async (seed, n) => {
    const [teacher, means] = [mapsOf([n, 3], seed), mapsOf([n, 3], seed + 1)];
    const errors = tf.mean(tf.square(tf.sub(teacher, means)), 0);
    const logScale = tf.log(tf.expm1(tf.sub(errors, 1e-5)));
    const { value, grads } = valuesAndSlopes(teacher, means, logScale);
    const best = tf.mul(tf.mean(tf.add(tf.log(errors), 1)), 0.5);
    const [least] = await best.data();
    expect((await value.data())[0]).toBeCloseTo(least!, 3);
    expect(Math.max(...(await tf.abs(grads[1]!).data()))).toBeLessThan(1e-3);
  });
  await fc.assert(property, { numRuns: 8 });
});

test("extreme scales, a perfect regression and single entries stay finite", async () => {
  const [x, y] = [mapsOf([2, 2, 2, 3], 1), mapsOf([2, 2, 2, 3], 2)];
  const single = tf.fill([1, 1], 2);
  for (const [teacher, means, scales] of [
    [x, y, [-1e4, 0, 1e4]],
    [x, x, [-1e4, 0, 1e4]],
    [tf.zerosLike(x), tf.zerosLike(x), [0, 0, 0]],
    [tf.mul(x, 1e4), tf.mul(y, 1e4), [-100, 0, 100]],
    [single, tf.neg(single), [5]],
  ] as [tf.Tensor, tf.Tensor, number[]][]) {
    const { value, grads } = valuesAndSlopes(teacher, means, tf.tensor1d(scales));
    await expectFinite(value, ...grads);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const [teacher, means] = [mapsOf([2, 2, 2, 3], 1), mapsOf([2, 2, 2, 3], 2)];
  const logScale = tf.zeros([3]);
  expectNoLeak(() => vidLoss(teacher, means, logScale));
  expectNoLeak(() => {
    const { value, grads } = valuesAndSlopes(teacher, means, logScale);
    return [value, ...grads];
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const [maps, logScale] = [tf.ones([2, 4, 4, 3]), tf.zeros([3])];
  expect(() => vidLoss(tf.ones([2]), maps, logScale)).toThrow(
    "vidLoss: teacherFeatures must be float32 [batch,...], got float32 [2]",
  );
  expect(() => vidLoss(maps, tf.ones([2, 4, 4, 2]), logScale)).toThrow(
    "vidLoss: regressedFeatures must have the shape of teacherFeatures [2,4,4,3], got [2,4,4,2]",
  );
  expect(() => vidLoss(maps, tf.ones([2, 8, 2, 3]), logScale)).toThrow(
    "vidLoss: regressedFeatures must be at most as high and wide as teacherFeatures [2,4,4,3], got [2,8,2,3]; pool larger maps before the regressor (teacherSize of vidRegressor)",
  );
  expect(() => vidLoss(maps, maps, tf.zeros([2]))).toThrow(
    "vidLoss: logScale must be float32 [3], got float32 [2]",
  );
  expect(() => vidLoss(maps, maps, logScale, { epsilon: 0 })).toThrow(
    "vidLoss: epsilon must be a finite number > 0, got 0",
  );
});
