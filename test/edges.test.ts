import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, inject, test } from "vitest";
import {
  attentionTransferLoss,
  classCentroids,
  conditionalMutualInformation,
  correlationLoss,
  crdLoss,
  distLoss,
  dkdLoss,
  factorTransferLoss,
  hsakdLoss,
  inBatchCrdLoss,
  kdLoss,
  mcmiLoss,
  similarityLoss,
  standardizeLogits,
  updateCentroids,
  vidLoss,
} from "../src/index.ts";
import { expectOracle, nums } from "./oracles/expect-oracle.ts";
import * as oracle from "./oracles/logits.ts";
import { reduce } from "./oracles/terms.ts";
import { expectClose, labelsOf, logitsOf, reference, valueAndGrad } from "./support.ts";

const MASKED = Number.NEGATIVE_INFINITY;

function logSoftmax(z: number[]): number[] {
  const max = Math.max(...z);
  const logSum = max + Math.log(z.reduce((sum, x) => sum + Math.exp(x - max), 0));
  return z.map((x) => x - logSum);
}

/** KL of one row in float64, where 0 · log 0 is 0, and its gradient by the second logits. */
function divergence(t: number[], s: number[], temperature = 1) {
  const [logP, logQ] = [t, s].map((z) => logSoftmax(z.map((x) => x / temperature)));
  const p = logP!.map(Math.exp);
  const terms = p.map((x, c) => (x > 0 ? x * (logP![c]! - logQ![c]!) : 0));
  return {
    kl: terms.reduce((a, b) => a + b) * temperature ** 2,
    slope: p.map((x, c) => (Math.exp(logQ![c]!) - x) * temperature),
  };
}

describe("classes masked by −∞", () => {
  const cases = [
    [
      [2, 1, MASKED],
      [1, 0, 0],
    ],
    [
      [2, 0, MASKED],
      [1, 0, MASKED],
    ],
    [
      [MASKED, 3, MASKED, 1],
      [0, 1, MASKED, -1],
    ],
  ] as const;

  test.each(cases)("kdLoss of %j and %j", async (t, s) => {
    const expected = divergence([...t], [...s], 4);
    const { value, grad } = valueAndGrad(
      (z) => kdLoss(tf.tensor2d([[...t]]), z),
      tf.tensor2d([[...s]]),
    );
    await expectClose(value, reference(expected.kl));
    await expectClose(grad, reference([expected.slope]));
  });

  test.each(cases)(
    "dkdLoss with alpha = 1 and beta = 1 − p of the target: %j and %j",
    async (t, s) => {
      // Then dkdLoss is kdLoss.
      const target = t.findIndex((x) => x !== MASKED);
      const p = Math.exp(logSoftmax(t.map((x) => x / 4))[target]!);
      const labels = tf.tensor1d([target], "int32");
      const expected = divergence([...t], [...s], 4);
      const { value, grad } = valueAndGrad(
        (z) => dkdLoss(labels, tf.tensor2d([[...t]]), z, { beta: 1 - p }),
        tf.tensor2d([[...s]]),
      );
      await expectClose(value, reference(expected.kl));
      await expectClose(grad, reference([expected.slope]));
    },
  );

  test("mcmiLoss", async () => {
    const log = logSoftmax([1, 0, MASKED]);
    const p = log.map(Math.exp);
    const kl = p.reduce((sum, x, c) => sum + (x > 0 ? x * (log[c]! + Math.log(3)) : 0), 0);
    const loss = mcmiLoss(
      tf.tensor1d([0], "int32"),
      tf.tensor2d([[1, 0, MASKED]]),
      tf.fill([3, 3], 1 / 3),
      { lambda: 0.2 },
    );
    await expectClose(loss, reference(-log[0]! - 0.2 * kl));
  });
});

test("a student that excludes a class of the teacher has an infinite divergence", async () => {
  const [teacher, student] = [tf.tensor2d([[2, 1, 0]]), tf.tensor2d([[1, MASKED, 0]])];
  const outputs = (logits: tf.Tensor2D) => ({
    logits: tf.tile(logits, [4, 1]),
    heads: [tf.zeros([4, 12])],
  });
  for (const loss of [
    kdLoss(teacher, student),
    dkdLoss(tf.tensor1d([0], "int32"), teacher, student),
    dkdLoss(tf.tensor1d([1], "int32"), teacher, student),
    hsakdLoss(outputs(teacher), outputs(student)),
    mcmiLoss(tf.tensor1d([1], "int32"), student, tf.fill([3, 3], 1 / 3), { lambda: 0.2 }),
  ]) {
    expect((await loss.data())[0]).toBe(Number.POSITIVE_INFINITY);
  }
});

describe("similar logits", () => {
  const teacher = () => logitsOf(4, 10, 1);
  const student = () => tf.add(teacher(), tf.mul(logitsOf(4, 10, 2), 0.2)) as tf.Tensor2D;
  const expected = async (temperature: number) => {
    const [t, s] = [await teacher().array(), await student().array()];
    return t.reduce((sum, row, i) => sum + divergence(row, s[i]!, temperature).kl, 0) / 4;
  };

  test.each([
    [100, 1e-3],
    [10_000, 1e-2],
  ])("kdLoss and hsakdLoss keep their digits at T = %i", async (temperature, tolerance) => {
    const kl = reference(await expected(temperature));
    await expectClose(kdLoss(teacher(), student(), { temperature }), kl, tolerance);
    const [t, s] = [teacher(), student()].map((logits) => ({ logits, heads: [tf.zeros([4, 40])] }));
    await expectClose(hsakdLoss(t!, s!, { temperature }), kl, tolerance);
  });

  test.each([1, 4, 15])("kdLoss and dkdLoss keep their digits at T = %i", async (temperature) => {
    const t = await teacher().array();
    const near = await tf.add(teacher(), tf.mul(logitsOf(4, 10, 2), 0.01)).array();
    const options = { alpha: 1, beta: 8, temperature };
    const labels = t.map((row, i) => row.map((_, c) => Number(c === i)));
    await expectOracle(
      (z) => kdLoss(teacher(), z, { temperature }),
      (z) => reduce(oracle.kd(nums(t), z, temperature), "MEAN"),
      near as number[][],
    );
    await expectOracle(
      (z) => dkdLoss(labelsOf(4, 10), teacher(), z, options),
      (z) => reduce(oracle.dkd(labels, nums(t), z, options), "MEAN"),
      near as number[][],
    );
  });

  test.each([1e-3, 1e-10])("distLoss of logits within ±%d", async (size) => {
    const rows = (seed: number) =>
      tf.mul(logitsOf(5, 4, seed), size).array() as Promise<number[][]>;
    const [t, s] = [await rows(1), await rows(2)];
    await expectOracle(
      (z) => distLoss(tf.tensor2d(t), z),
      (z) => oracle.dist(nums(t), z, { beta: 1, gamma: 1, temperature: 1 }),
      s,
    );
  });

  test("kdLoss and dkdLoss are at least 0", async () => {
    const options = { temperature: 1000, reduction: tf.Reduction.NONE } as const;
    const near = tf.add(teacher(), tf.mul(logitsOf(4, 10, 2), 1e-4));
    for (const loss of [
      kdLoss(teacher(), near, options),
      dkdLoss(labelsOf(4, 10), teacher(), near, options),
    ]) {
      expect(Math.min(...(await loss.data()))).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("equal numbers", () => {
  test.each([
    [-12.34, 10],
    [1000.1, 3],
    [0.1, 3],
    [0.7, 1000],
  ])("standardizeLogits of a row of %f gives zeros", async (x, classes) => {
    const values = await standardizeLogits(tf.fill([1, classes], x)).data();
    expect(Math.max(...values.map(Math.abs))).toBe(0);
  });

  test("distLoss: the gradient at equal logits is that of the formula", async () => {
    // At q = 1/C the centred rows and columns are 0, and D = ε: dρ/dq = a/ε, through the softmax.
    const teacher = logitsOf(6, 4, 1);
    const p = (await teacher.array()).map((row) => logSoftmax(row).map(Math.exp));
    const [n, c] = [6, 4];
    const columnMeans = p[0]!.map((_, k) => p.reduce((sum, row) => sum + row[k]!, 0) / n);
    const slope = p.map((row) => {
      const g = row.map((x, k) => -((x - 1 / c) / n + (x - columnMeans[k]!) / c) / 1e-8);
      const mean = g.reduce((a, b) => a + b) / c;
      return g.map((x) => (x - mean) / c);
    });
    const { grad } = valueAndGrad((z) => distLoss(teacher, z), tf.zeros([n, c]));
    await expectClose(grad, reference(slope));
  });
});

describe("small and large features", () => {
  const maps = (seed: number, scale: number) =>
    tf.mul(tf.randomNormal([4, 3, 3, 2], 0, 1, "float32", seed), scale);
  const losses: Record<string, [(t: tf.Tensor, s: tf.Tensor) => tf.Tensor, number]> = {
    "attentionTransferLoss at 1e9": [attentionTransferLoss, 1e9],
    "attentionTransferLoss with p = 4 at 1e5": [
      (t, s) => attentionTransferLoss(t, s, { p: 4 }),
      1e5,
    ],
    "attentionTransferLoss with p = 4 at 1e12": [
      (t, s) => attentionTransferLoss(t, s, { p: 4 }),
      1e12,
    ],
    "factorTransferLoss at 1e9": [factorTransferLoss, 1e9],
    "similarityLoss at 1e10": [similarityLoss, 1e10],
  };
  test.each(Object.keys(losses))("%s equals that of features of the size 1", async (name) => {
    const [loss, scale] = losses[name]!;
    const small = valueAndGrad((x) => loss(maps(1, 1), x), maps(2, 1));
    const large = valueAndGrad((x) => loss(maps(1, scale), x), maps(2, scale));
    await expectClose(large.value, reference((await small.value.data())[0]!));
    const grad = { shape: small.grad.shape, data: [...(await small.grad.data())] };
    await expectClose(tf.mul(large.grad, scale), grad);
  });

  test("similarityLoss divides short rows of the Gram matrix by 1e-12", async () => {
    const student = tf.tensor2d([
      [5e-7, 0],
      [0, 5e-7],
    ]);
    const { value, grad } = valueAndGrad(
      (x) =>
        similarityLoss(
          tf.tensor2d([
            [1, 0],
            [1, 0.1],
          ]),
          x,
        ),
      student,
    );
    // G = 2.5e-13 I over 1e-12, against rows of length 1 of [[1, 1], [1, 1.01]].
    const target = [
      [1, 1],
      [1, 1.01],
    ].map((row) => row.map((x) => x / Math.hypot(...row)));
    const r = [
      [0.25, 0],
      [0, 0.25],
    ].map((row, i) => row.map((x, j) => x - target[i]![j]!));
    await expectClose(value, reference(r.flat().reduce((sum, x) => sum + x * x, 0) / 4));
    const dG = r.map((row) => row.map((x) => x / 2 / 1e-12));
    const slope = [0, 1].map((i) => [0, 1].map((d) => (dG[i]![d]! + dG[d]![i]!) * 5e-7));
    await expectClose(grad, reference(slope));
  });

  test("differences below 1e-7 have a sign", async () => {
    const { grad } = valueAndGrad(
      (x) => correlationLoss(tf.zeros([2, 2]), x),
      tf.tensor2d([
        [5e-8, 1],
        [1, -5e-8],
      ]),
    );
    await expectClose(
      grad,
      reference([
        [1, 5e-8],
        [5e-8, -1],
      ]),
    );
    const attention = valueAndGrad(
      (x) => attentionTransferLoss(tf.tensor4d([1, 0], [1, 1, 2, 1]), x, { p: 1 }),
      tf.tensor4d([5e-8, 4e-8], [1, 1, 2, 1]),
    );
    const [a, b] = [5e-8, 4e-8];
    const norm = Math.hypot(a, b);
    const g = [a / norm - 1, b / norm];
    const along = (g[0]! * a + g[1]! * b) / norm;
    const data = [(g[0]! - (along * a) / norm) / norm, (g[1]! - (along * b) / norm) / norm];
    await expectClose(attention.grad, { shape: [1, 1, 2, 1], data });
  });

  test.each([-4, -10, -12, -17])("vidLoss keeps its digits at a log-scale of %d", async (alpha) => {
    const loss = vidLoss(tf.tensor2d([[0]]), tf.tensor2d([[0.01]]), tf.tensor1d([alpha]), {
      epsilon: 1e-8,
    });
    const variance = Math.log1p(Math.exp(alpha)) + 1e-8;
    await expectClose(loss, reference((1e-4 / variance + Math.log(variance)) / 2));
  });
});

test("vidLoss: the gradient by the log scale does not overflow", async () => {
  const alpha = -16;
  const loss = (scale: tf.Tensor) => vidLoss(tf.tensor2d([[0]]), tf.tensor2d([[1e15]]), scale);
  const { grad } = valueAndGrad(loss, tf.tensor1d([alpha]));
  const variance = Math.log1p(Math.exp(alpha)) + 1e-5;
  const slope = (1 - 1e30 / variance) / (2 * variance * (1 + Math.exp(-alpha)));
  await expectClose(tf.mul(grad, 1e-30), reference([slope * 1e-30]));
});

test("inBatchCrdLoss of scores beyond 1e30 is the difference of the scores", async () => {
  const rows = tf.tensor2d([[1e16], [2e16]]);
  const loss = await inBatchCrdLoss(rows, rows, { temperature: 0.5 }).data();
  // The first sample scores 2e32 with itself and 4e32 with the second: 2e32 in each direction, over 2.
  expect(loss[0]! / 2e32).toBeCloseTo(1, 4);
});

test("infinite centroids and normalizers do not count as numbers", async () => {
  const labels = tf.tensor1d([0, 1], "int32");
  const [z, centroids] = [logitsOf(2, 2, 1), tf.tensor2d([[Number.POSITIVE_INFINITY, 0.5], [0.5, 0.5]])]; // biome-ignore format: one line
  const infinite = tf.scalar(Number.POSITIVE_INFINITY);
  const bank = {
    teacher: z,
    student: z,
    normalizer: { teacher: infinite, student: infinite },
  };
  const rows = { positives: labels, negatives: labels };
  for (const loss of [
    mcmiLoss(labels, z, centroids, { lambda: 0.2 }),
    conditionalMutualInformation(labels, z, { centroids }),
    crdLoss(z, z, bank, rows),
  ]) {
    expect(Number.isFinite((await loss.data())[0])).toBe(false);
  }
});

test("updateCentroids leaves the rows of absent classes unchanged, whatever they hold", async () => {
  const labels = tf.tensor1d([0, 0], "int32");
  const logits = tf.tensor2d([
    [1, 0],
    [2, 0],
  ]);
  for (const row of [
    [0, 0],
    [0.2, 0.2],
  ]) {
    const old = tf.tensor2d([[0.5, 0.5], row]);
    const rows = await updateCentroids(old, labels, logits).array();
    expect(rows[1]).toEqual(row.map(Math.fround));
    expect(rows[0]![0]! + rows[0]![1]!).toBeCloseTo(1, inject("backend").tolerance < 1e-3 ? 6 : 5);
  }
});

describe("labels that are distributions", () => {
  const logits = () => logitsOf(6, 4, 1);
  const centroids = () => tf.softmax(logitsOf(4, 4, 5)) as tf.Tensor2D;
  const soft = () => tf.softmax(logitsOf(6, 4, 3)) as tf.Tensor2D;
  const smoothed = (epsilon: number) =>
    tf.add(tf.mul(tf.oneHot(labelsOf(6, 4), 4), 1 - epsilon), epsilon / 4);

  test("mcmiLoss of smoothed rows has the cross-entropy of labelSmoothing", async () => {
    const options = { lambda: 0, reduction: tf.Reduction.NONE } as const;
    const rows = mcmiLoss(smoothed(0.1), logits(), centroids(), options);
    const labels = { ...options, labelSmoothing: 0.1 };
    const expected = await mcmiLoss(labelsOf(6, 4), logits(), centroids(), labels).data();
    await expectClose(rows, reference([...expected]));
  });

  test("mcmiLoss and the CMI take the mean of the divergences over the label", async () => {
    const [t, z, q] = [await soft().array(), await logits().array(), await centroids().array()];
    const kl = z.map((row, i) => {
      const log = logSoftmax(row);
      const of = (y: number) =>
        log.reduce((sum, x, c) => sum + Math.exp(x) * (x - Math.log(q[y]![c]!)), 0);
      return t[i]!.reduce((sum, share, y) => sum + share * of(y), 0);
    });
    const fit = z.map((row, i) => -logSoftmax(row).reduce((s, x, c) => s + t[i]![c]! * x, 0));
    const reduction = tf.Reduction.NONE;
    const cmi = conditionalMutualInformation(soft(), logits(), {
      centroids: centroids(),
      reduction,
    });
    await expectClose(cmi, reference(kl));
    const loss = mcmiLoss(soft(), logits(), centroids(), { lambda: 0.3, reduction });
    await expectClose(loss, reference(fit.map((x, i) => x - 0.3 * kl[i]!)));
  });

  test("the centroids are weighted means, and the gradient of the CMI respects them", async () => {
    const [t, z] = [await soft().array(), await logits().array()];
    const p = z.map((row) => logSoftmax(row).map(Math.exp));
    const means = [0, 1, 2, 3].map((y) => {
      const total = t.reduce((sum, row) => sum + row[y]!, 0);
      return [0, 1, 2, 3].map((c) => p.reduce((s, row, i) => s + t[i]![y]! * row[c]!, 0) / total);
    });
    await expectClose(classCentroids(soft(), logits()), reference(means));
    const updated = updateCentroids(centroids(), soft(), logits(), { decay: 0 });
    await expectClose(updated, reference(means));

    const reduction = tf.Reduction.NONE;
    const samples = (x: tf.Tensor) => conditionalMutualInformation(soft(), x, { reduction });
    const weights = tf.tensor1d([1, 2, 0, 3, -1, 0.5]);
    const { grad } = valueAndGrad(samples, logits(), weights);
    const direction = logitsOf(6, 4, 7);
    const step = tf.mul(direction, 0.01);
    const along = (x: tf.Tensor) => tf.sum(tf.mul(samples(x), weights)).data();
    const [up] = await along(tf.add(logits(), step));
    const [down] = await along(tf.sub(logits(), step));
    const [slope] = await tf.sum(tf.mul(grad, direction)).data();
    expect((up! - down!) / 0.02).toBeCloseTo(slope!, 2);
  });

  test("dkdLoss takes the largest entry as its target", async () => {
    const hard = dkdLoss(labelsOf(6, 4), logits(), logitsOf(6, 4, 2));
    const loss = dkdLoss(smoothed(0.1), logits(), logitsOf(6, 4, 2));
    await expectClose(loss, reference((await hard.data())[0]!));
  });

  test("indices [N, 1] are indices", async () => {
    const column = tf.reshape(labelsOf(6, 4), [6, 1]);
    const options = { lambda: 0.2 };
    for (const labels of [column, tf.cast(column, "float32")]) {
      const loss = mcmiLoss(labels, logits(), centroids(), options);
      const expected = await mcmiLoss(labelsOf(6, 4), logits(), centroids(), options).data();
      await expectClose(loss, reference(expected[0]!));
    }
  });
});

test("a single logit is refused", () => {
  const z = tf.ones([4, 1]) as tf.Tensor2D;
  const labels = tf.zeros([4], "int32");
  const message =
    "must have at least 2 classes, got [4,1]; outputs of a single logit need a binary";
  expect(() => kdLoss(z, z)).toThrow(`kdLoss: teacherLogits ${message}`);
  expect(() => distLoss(z, z)).toThrow(`distLoss: teacherLogits ${message}`);
  expect(() => dkdLoss(labels, z, z)).toThrow(`dkdLoss: teacherLogits ${message}`);
  expect(() => mcmiLoss(labels, z, tf.ones([1, 1]), { lambda: 0 })).toThrow(
    `mcmiLoss: logits ${message}`,
  );
});
