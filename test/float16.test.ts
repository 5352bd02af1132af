// With 16-bit floats, numbers above 65504 are infinite, and those below 6e-8 are 0. These tests also run on
// cpu and wasm, and are what the golden vectors do not reach: large sizes, large and small features.
import * as tf from "@tensorflow/tfjs-core";
import { test as always, expect, inject } from "vitest";
import * as kd from "../src/index.ts";
import { expectClose, expectFiniteWithGradient, reference, valueAndGrad } from "./support.ts";

const { isFloat16, isSoftwareGpu } = inject("backend");
const test = always.skipIf(isSoftwareGpu && !isFloat16);
const tags = "float16";
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);

type Loss = (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor;
const mapLosses: Record<string, Loss> = {
  attentionTransferLoss: kd.attentionTransferLoss,
  factorTransferLoss: kd.factorTransferLoss,
  nstLoss: kd.nstLoss,
};
const rowLosses: Record<string, Loss> = {
  pktLoss: kd.pktLoss,
  similarityLoss: kd.similarityLoss,
};
const losses: Record<string, Loss> = {
  ...mapLosses,
  ...rowLosses,
  activationBoundaryLoss: kd.activationBoundaryLoss,
  correlationLoss: kd.correlationLoss,
  fspLoss: (t, s) => kd.fspLoss([t, t], [s, s]),
  hierarchicalContextLoss: kd.hierarchicalContextLoss,
  hintLoss: kd.hintLoss,
  rkdLoss: kd.rkdLoss,
  vidLoss: (t, s) => kd.vidLoss(t, s, tf.ones([3])),
};

test("attention of dead maps is 0", { tags }, async () => {
  const loss = kd.attentionTransferLoss(normal([2, 4, 4, 3], 1), tf.zeros([2, 4, 4, 3]));
  await expectClose(loss, reference(1 / 16)); // the teacher's map of length 1 has 16 positions
});

test.each(Object.keys(losses))(
  "%s of dead maps is finite, as its gradient",
  { tags },
  async (name) => {
    const [maps, dead] = [normal([3, 4, 4, 3], 1), tf.zeros([3, 4, 4, 3])];
    for (const [t, s] of [
      [maps, dead],
      [dead, maps],
      [dead, dead],
    ] as const) {
      await expectFiniteWithGradient((x) => losses[name]!(t, x), s);
    }
  },
);

test.each(Object.keys({ ...mapLosses, ...rowLosses }))(
  "%s does not depend on the scale of the features",
  { tags },
  async (name) => {
    const loss = { ...mapLosses, ...rowLosses }[name]!;
    const [t, s] = [normal([4, 3, 3, 6], 1), normal([4, 3, 3, 6], 2)];
    const expected = valueAndGrad((x) => loss(t, x), s);
    const [value] = await expected.value.data();
    const grad = { shape: [4, 3, 3, 6], data: [...(await expected.grad.data())] };
    for (const scale of [1e-3, 1e3]) {
      const got = valueAndGrad((x) => loss(tf.mul(t, scale), x), tf.mul(s, scale));
      await expectClose(got.value, reference(value!));
      // The gradient by features of size 1000 is below the smallest 16-bit float.
      if (scale < 1 || !isFloat16) await expectClose(tf.mul(got.grad, scale), grad);
    }
  },
);

test("a class masked by −10,000", { tags }, async () => {
  const masked = tf.tensor2d([[2, 1, -1e4]]); // −∞ becomes NaN in a texture of 16 bits
  const student = tf.tensor2d([[1, 0, 0]]);
  const [p, q] = [Math.exp(1 / 4), Math.exp(1 / 4)];
  const divergence =
    (p / (1 + p)) * Math.log(p / (1 + p) / (q / (q + 2))) +
    (1 / (1 + p)) * Math.log(1 / (1 + p) / (1 / (q + 2)));
  await expectClose(kd.kdLoss(masked, student), reference(16 * divergence));
  const labels = tf.tensor1d([0], "int32");
  const options = { beta: 1 / (1 + p) }; // with which dkdLoss is kdLoss
  await expectClose(kd.dkdLoss(labels, masked, student, options), reference(16 * divergence));
  const cmi = kd.mcmiLoss(labels, masked, tf.fill([3, 3], 1 / 3), { lambda: 1 });
  const e = Math.E / (1 + Math.E);
  const kl = e * Math.log(3 * e) + (1 - e) * Math.log(3 * (1 - e));
  await expectClose(cmi, reference(-Math.log(e) - kl));
});

test("sums of more than 65504 entries", { tags }, async () => {
  const shape = [2, 128, 128, 4];
  const [zeros, threes] = [tf.zeros(shape), tf.fill(shape, 3)];
  await expectClose(kd.hintLoss(zeros, threes), reference(9));
  await expectClose(
    kd.activationBoundaryLoss(tf.neg(threes), threes),
    reference(0.003 * 16 * 65536),
  );
  await expectClose(kd.hierarchicalContextLoss(zeros, threes), reference(9));
  const small = tf.fill(shape, 0.5);
  await expectClose(kd.correlationLoss(zeros, small), reference(65536 / 4));
  const rows = normal([4, 70_000], 1);
  await expectClose(kd.similarityLoss(rows, rows), reference(0));
  const one = tf.tensor2d([[1], [0], [0], [0]]);
  // Orthogonal rows have the Gram matrix of unit vectors.
  const other = tf.mul(tf.add(one, tf.zeros([4, 70_000])), 1);
  const [value] = await kd.similarityLoss(rows, other).data();
  const spans = 3 / 16; // three of four rows of the student's Gram matrix are 0
  expect(Math.abs(value! - spans)).toBeLessThan(0.01);
});

test("crdLoss follows its formula, or refuses a normalizer that has no logarithm and no place", {
  tags,
}, async () => {
  const unit = (n: number, seed: number) => kd.l2Normalize(normal([n, 5], seed));
  const [t, s] = [unit(4, 1), unit(4, 2)];
  const bank: kd.ContrastBank = { teacher: unit(12, 3), student: unit(12, 4) };
  const indices = { positives: tf.range(0, 4, 1, "int32"), negatives: tf.range(4, 12, 1, "int32") };
  const options = { temperature: 0.3 };
  bank.normalizer = kd.contrastNormalizer(t, s, bank, indices, options);
  let expected = 0;
  for (const [anchors, rows] of [
    [t, bank.student],
    [s, bank.teacher],
  ] as const) {
    const [v, w] = [await anchors.array(), await rows.array()];
    const dot = (i: number, k: number) => v[i]!.reduce((sum, x, d) => sum + x * w[k]![d]!, 0);
    const of = (i: number) => [i, 4, 5, 6, 7, 8, 9, 10, 11].map((k) => Math.exp(dot(i, k) / 0.3));
    const scores = [0, 1, 2, 3].map(of);
    const z = (12 * scores.flat().reduce((a, b) => a + b)) / (4 * 9);
    const c = 8 / 12;
    for (const row of scores) {
      row.forEach((x, k) => {
        expected -= Math.log(k === 0 ? x / z / (x / z + c) : c / (x / z + c)) / 4;
      });
    }
  }
  await expectClose(kd.crdLoss(t, s, bank, indices, options), reference(expected));

  await expectFiniteWithGradient((x) => kd.crdLoss(t, x, bank, indices), s); // at T = 0.07
  if (!isFloat16) return;
  const { teacher, student } = bank.normalizer!;
  const old = { ...bank, normalizer: { teacher, student } };
  expect(() => kd.crdLoss(t, s, old, indices)).toThrow(
    "crdLoss: the normalizer of 12 rows at temperature 0.07 exceeds 65504, the largest 16-bit float of this WebGL device; keep logTeacher and logStudent of contrastNormalizer, or use the backend wasm or webgpu",
  );
  await expectFiniteWithGradient((x) => kd.inBatchCrdLoss(t, x), s);
});
