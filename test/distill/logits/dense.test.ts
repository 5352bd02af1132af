import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  binaryKdLoss,
  CmiEstimator,
  classCentroids,
  conditionalMutualInformation,
  distLoss,
  dkdLoss,
  kdLoss,
  mcmiLoss,
  standardizeLogits,
  updateCentroids,
} from "../../../src/index.ts";
import golden from "../../golden/dense_kd.json";
import {
  expectClose,
  expectNoLeakWithGradient,
  type Golden,
  logitsOf,
  reference,
  toTensor,
  valueAndGrad,
} from "../../support.ts";

for (const { name, params, inputs, outputs, grads } of (golden as Golden).cases) {
  test(`value and gradient of ${name}`, async () => {
    const [teacher, weights] = [toTensor(inputs.teacher!), toTensor(inputs.weights!)];
    const { value, grad } = valueAndGrad(
      (s) => kdLoss(teacher, s, { ...params, weights }),
      toTensor(inputs.student!),
    );
    await expectClose(value, outputs.loss!);
    await expectClose(grad, grads.student!);
  });
}

const [N, H, W, C] = [2, 3, 2, 4] as const;
const ROWS = N * H * W;
const [SHAPE, POSITIONS] = [
  [N, H, W, C],
  [N, H, W],
];
/** A third of the positions is ignored. */
const mask = Array.from({ length: ROWS }, (_, i) => (i % 3 === 1 ? 0 : 1 + (i % 2)));
const kept = mask.flatMap((weight, i) => (weight === 0 ? [] : [i]));
const classes = Array.from({ length: ROWS }, (_, i) => i % (C - 1));

const dense = (rows: tf.Tensor) => tf.reshape(rows, SHAPE);
const flat = (seed: number) => logitsOf(ROWS, C, seed);
const keptRows = (x: tf.Tensor) => tf.gather(tf.reshape(x, [ROWS, -1]), kept);
const weightsOf = (values: number[]) => tf.tensor1d(values);

/** Labels of all forms with ignore labels: the flat kept ones, and the dense ones. */
const indices = (values: number[]) => tf.tensor1d(values, "int32");
const ignored = classes.map((y, i) => (mask[i] === 0 ? 255 : y));
const forms: [string, () => tf.Tensor, () => tf.Tensor][] = [
  [
    "indices",
    () => tf.reshape(indices(ignored), POSITIONS),
    () => indices(kept.map((i) => classes[i]!)),
  ],
  [
    "float32 rows",
    () => dense(tf.oneHot(indices(classes), C, 0.9, 0.1 / 3, "float32")),
    () => tf.oneHot(indices(kept.map((i) => classes[i]!)), C, 0.9, 0.1 / 3, "float32"),
  ],
];

/** Rows with NaN where the mask is 0. */
const spoiled = (rows: tf.Tensor) =>
  tf.where(
    tf.equal(tf.reshape(tf.tensor1d(mask), [ROWS, 1]), 0),
    tf.fill([ROWS, C], Number.NaN),
    rows,
  );

type Options = { weights?: tf.Tensor; reduction?: tf.Reduction };
type Loss = (labels: tf.Tensor, z: tf.Tensor, other: tf.Tensor, options: Options) => tf.Tensor;
const centroids = () => tf.softmax(logitsOf(C, C, 9));
const losses: Record<string, Loss> = {
  kdLoss: (_, z, t, o) => kdLoss(t, z, o),
  binaryKdLoss: (_, z, t, o) => binaryKdLoss(t, z, o),
  dkdLoss: (y, z, t, o) => dkdLoss(y, t, z, o),
  mcmiLoss: (y, z, _, o) => mcmiLoss(y, z, centroids(), { lambda: 0.3, ...o }),
  conditionalMutualInformation: (y, z, _, o) => conditionalMutualInformation(y, z, o),
  "conditionalMutualInformation of given centroids": (y, z, _, o) =>
    conditionalMutualInformation(y, z, { ...o, centroids: centroids() }),
};
const scalars: Record<string, Loss> = {
  ...losses,
  distLoss: (_, z, t, { weights }) => distLoss(t, z, { weights }),
};

describe.each(Object.keys(scalars))("%s of dense logits", (name) => {
  const loss = scalars[name]!;

  test.each(forms)(
    "with a mask is that of the rows that count, %s",
    async (_, labels, flatLabels) => {
      const [z, t] = [flat(1), flat(2)];
      const dy = tf.scalar(1);
      const weights = tf.reshape(tf.tensor1d(mask), POSITIONS);
      const got = valueAndGrad(
        (x) => loss(labels(), x, dense(spoiled(t)), { weights }),
        dense(spoiled(z)),
        dy,
      );
      const right = valueAndGrad(
        (x) =>
          loss(flatLabels(), x, keptRows(t), { weights: weightsOf(kept.map((i) => mask[i]!)) }),
        keptRows(z),
        dy,
      );
      await expectClose(got.value, reference((await right.value.data())[0]!));
      expect(got.grad.shape).toEqual(SHAPE);
      const slopes = [...(await keptRows(got.grad).data())];
      await expectClose(right.grad, { shape: [kept.length, C], data: slopes });
      const all = await tf.reshape(got.grad, [ROWS, C]).array();
      expect(
        (all as number[][])
          .filter((_, i) => mask[i] === 0)
          .flat()
          .every((x) => x === 0),
      ).toBe(true);
    },
  );

  test("without weights is that of all rows", async () => {
    const [z, t] = [flat(1), flat(2)];
    const labels = tf.reshape(indices(classes), POSITIONS);
    const got = valueAndGrad((x) => loss(labels, x, dense(t), {}), dense(z));
    const right = valueAndGrad((x) => loss(indices(classes), x, t, {}), z);
    await expectClose(got.value, reference((await right.value.data())[0]!));
    await expectClose(got.grad, { shape: SHAPE, data: [...(await right.grad.data())] });
  });

  test("weights of samples hold for all of their positions", async () => {
    const [z, t] = [dense(flat(1)), dense(flat(2))];
    const labels = tf.reshape(indices(classes), POSITIONS);
    const expanded = Array.from({ length: ROWS }, (_, i) => (i < H * W ? 0.5 : 2));
    const weights = tf.reshape(weightsOf(expanded), POSITIONS);
    const [right] = await loss(labels, z, t, { weights }).data();
    await expectClose(loss(labels, z, t, { weights: weightsOf([0.5, 2]) }), reference(right!));
  });

  test("all weights 0 give 0", async () => {
    const [z, t] = [dense(flat(1)), dense(flat(2))];
    const labels = tf.fill(POSITIONS, 255, "int32");
    const weights = tf.zeros(POSITIONS);
    const { value, grad } = valueAndGrad((x) => loss(labels, x, t, { weights }), z);
    expect((await value.data())[0] === 0).toBe(true);
    expect([...(await grad.data())].every((x) => x === 0)).toBe(true);
  });

  test("leaves no tensor behind, with and without gradient", () => {
    const [z, t] = [dense(flat(1)), dense(flat(2))];
    const labels = tf.reshape(indices(ignored), POSITIONS);
    const weights = tf.reshape(tf.tensor1d(mask), POSITIONS);
    tf.tidy(() => {
      const held = tf.memory().numTensors;
      expectNoLeakWithGradient((x) => tf.tidy(() => loss(labels, x, t, { weights })), z);
      expect(tf.memory().numTensors).toBe(held);
    });
  });

  test("rejects a mask and labels of another shape", () => {
    const [z, t] = [dense(flat(1)), dense(flat(2))];
    const labels = tf.reshape(indices(classes), POSITIONS);
    expect(() => loss(labels, z, t, { weights: tf.ones([N, H]) })).toThrow(
      "weights must be float32 [2,3,2] or [2], got float32 [2,3]",
    );
    if (/kdLoss|distLoss/i.test(name) && name !== "dkdLoss") return;
    expect(() => loss(indices(classes), z, t, {})).toThrow(
      "labels must be int32 class indices [2,3,2] or one-hot [2,3,2,4], got int32 [12]",
    );
  });
});

test.each(Object.keys(losses))("%s gives a loss for each position", async (name) => {
  const loss = losses[name]!;
  const [z, t] = [flat(1), flat(2)];
  const labels = tf.reshape(indices(ignored), POSITIONS);
  const weights = tf.reshape(tf.tensor1d(mask), POSITIONS);
  const reduction = tf.Reduction.NONE;
  const dy = tf.randomNormal(POSITIONS, 0, 1, "float32", 5);
  const got = valueAndGrad((x) => loss(labels, x, dense(t), { weights, reduction }), dense(z), dy);
  expect(got.value.shape).toEqual(POSITIONS);
  const flatOptions = { weights: weightsOf(kept.map((i) => mask[i]!)), reduction };
  const own = indices(kept.map((i) => classes[i]!));
  const keptDy = tf.reshape(keptRows(dy), [kept.length]);
  const right = valueAndGrad((x) => loss(own, x, keptRows(t), flatOptions), keptRows(z), keptDy);
  const values = [...(await keptRows(got.value).data())];
  await expectClose(right.value, { shape: [kept.length], data: values });
  const slopes = [...(await keptRows(got.grad).data())];
  await expectClose(right.grad, { shape: [kept.length, C], data: slopes });
});

test("standardizeLogits of dense logits is that of the rows, in their shape", async () => {
  const dy = flat(3);
  const got = valueAndGrad((x) => standardizeLogits(x), dense(flat(1)), dense(dy));
  const right = valueAndGrad((x) => standardizeLogits(x), flat(1), dy);
  await expectClose(got.value, { shape: SHAPE, data: [...(await right.value.data())] });
  await expectClose(got.grad, { shape: SHAPE, data: [...(await right.grad.data())] });
});

describe("centroids of dense logits", () => {
  const labels = () => tf.reshape(indices(ignored), POSITIONS);
  const weights = () => tf.reshape(tf.tensor1d(mask), POSITIONS);

  /** Each row as often as its weight says. */
  const repeated = kept.flatMap((i) => Array<number>(mask[i]!).fill(i));
  const repeatedLabels = () => indices(repeated.map((i) => classes[i]!));
  const repeatedRows = () => tf.gather(flat(1), repeated);

  test("are weighted means over the positions that count", async () => {
    const options = { weights: weights() };
    const z = dense(spoiled(flat(1)));
    const right = classCentroids(repeatedLabels(), repeatedRows());
    await expectClose(right, {
      shape: [C, C],
      data: [...(await classCentroids(labels(), z, options).data())],
    });
    const old = centroids();
    const updated = updateCentroids(old, labels(), z, { decay: 0.3, ...options });
    const expected = updateCentroids(old, repeatedLabels(), repeatedRows(), { decay: 0.3 });
    await expectClose(updated, { shape: [C, C], data: [...(await expected.data())] });
  });

  test("CmiEstimator counts positions by their weights", async () => {
    const [masked, copied] = [new CmiEstimator(), new CmiEstimator()];
    masked.update(labels(), dense(spoiled(flat(1))), { weights: weights() });
    copied.update(repeatedLabels(), repeatedRows());
    const [got, right] = [await masked.result(), await copied.result()];
    expect(got.counts).toEqual(right.counts);
    for (const name of ["cmi", "crossEntropy", "accuracy", "separation", "meanEntropy"] as const) {
      expect(got[name]).toBeCloseTo(right[name], 10);
    }
    await expectClose(tf.tensor2d(got.centroids), reference(right.centroids));
    const perSample = new CmiEstimator();
    const all = tf.reshape(indices(classes), POSITIONS);
    perSample.update(all, dense(flat(1)), { weights: tf.tensor1d([0, 2]) });
    expect((await perSample.result()).counts.reduce((a, b) => a + b)).toBe(2 * H * W);
  });

  test("CmiEstimator rejects weights that are negative, infinite or NaN", async () => {
    for (const weight of [-1, Number.POSITIVE_INFINITY, Number.NaN]) {
      const counted = async () => {
        const estimator = new CmiEstimator();
        const logits = tf.tensor2d([1, 2, 3, 4], [2, 2]);
        estimator.update(indices([0, 1]), logits, { weights: tf.tensor1d([1, weight]) });
        await estimator.result();
      };
      const expected = `CmiEstimator.update: weights must be finite numbers >= 0, got ${weight}`;
      await expect(counted()).rejects.toThrow(expected);
    }
  });
});
