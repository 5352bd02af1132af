import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ContrastBank,
  type ContrastIndices,
  contrastNormalizer,
  crdLoss,
} from "../../../src/index.ts";
import { expectClose, expectFinite, expectNoLeak, reference } from "../../support.ts";
import { bankOf, embeddingsOf, int1d, int2d, valueAndGrads } from "./support.ts";

/** Loss and gradients in float64 by the paper's formulas, from probabilities instead of logarithms. */
async function expected(
  teacher: tf.Tensor2D,
  student: tf.Tensor2D,
  bank: ContrastBank,
  drawn: tf.Tensor2D,
  temperature: number,
) {
  const [t, s, bankT, bankS, rows] = await Promise.all(
    [teacher, student, bank.teacher, bank.student, drawn].map(
      (x) => x.array() as Promise<number[][]>,
    ),
  );
  const [zT, zS] = await Promise.all(
    [bank.normalizer!.teacher, bank.normalizer!.student].map(async (z) => (await z.data())[0]!),
  );
  const noise = (drawn.shape[1] - 1) / bank.teacher.shape[0];
  const c = noise + 1e-7;
  let loss = 0;
  const side = (anchors: number[][], bank: number[][], z: number) =>
    anchors.map((v, i) => {
      const gradient = v.map(() => 0);
      rows![i]!.forEach((row, k) => {
        const w = bank[row]!;
        const p = Math.exp(v.reduce((sum, x, d) => sum + x * w[d]!, 0) / temperature) / z;
        loss -= Math.log(k === 0 ? p / (p + c) : noise / (p + c)) / anchors.length;
        const slope = (k === 0 ? -c / (p + c) : p / (p + c)) / (anchors.length * temperature);
        w.forEach((x, d) => {
          gradient[d]! += slope * x;
        });
      });
      return gradient;
    });
  const grads = [side(t!, bankS!, zT!), side(s!, bankT!, zS!)] as const;
  return { value: reference(loss), teacher: reference(grads[0]), student: reference(grads[1]) };
}

/** N rows of K+1 indices below `size`, including duplicates and the sample's own row. */
const drawn = (n: number, k: number, size: number, seed: number) =>
  int2d(
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: k + 1 }, (_, j) => (seed + 7 * i + 3 * j * (j + i)) % size),
    ),
  );

for (const [n, k, dim, size, way] of [
  [1, 1, 1, 1, "all ones"],
  [2, 5, 3, 4, "a bank of fewer rows than negatives"],
  [4, 3, 5, 24, "the largest bank that is scored as a whole"],
  [3, 3, 5, 25, "the smallest bank of which rows are picked"],
] as const) {
  test(`value and gradients match the paper's formulas: ${way}`, {
    tags: "broad",
  }, async () => {
    const property = fc.asyncProperty(fc.nat(1000), async (seed) => {
      const [teacher, student] = [embeddingsOf(n, dim, seed + 1), embeddingsOf(n, dim, seed + 2)];
      const [bank, indices] = [bankOf(size, dim, seed + 3), drawn(n, k, size, seed)];
      const want = await expected(teacher, student, bank, indices, 0.3);
      const loss = (t: tf.Tensor, s: tf.Tensor) =>
        crdLoss(t, s, bank, indices, { temperature: 0.3 });
      const got = valueAndGrads(loss, teacher, student);
      await expectClose(got.value, want.value);
      await expectClose(got.teacher, want.teacher);
      await expectClose(got.student, want.student);
    });
    await fc.assert(property, { numRuns: 4 });
  });
}

/** Compares value and both gradients of two forms of the same indices. */
async function expectSame(
  [n, dim]: [number, number],
  bank: ContrastBank,
  a: ContrastIndices,
  b: ContrastIndices,
) {
  const [teacher, student] = [embeddingsOf(n, dim, 1), embeddingsOf(n, dim, 2)];
  const [x, y] = [a, b].map((rows) =>
    valueAndGrads((t, s) => crdLoss(t, s, bank, rows), teacher, student),
  );
  for (const name of ["value", "teacher", "student"] as const) {
    const { shape } = y![name];
    await expectClose(x![name], { shape, data: [...(await y![name].data())] });
  }
}

test("shared negatives equal the same negatives for each sample, for all scoring paths", async () => {
  const noise = [3, 0, 3, 5];
  for (const size of [10, 40]) {
    const each = [1, 2, 5].map((positive) => [positive, ...noise]);
    const shared = { positives: int1d([1, 2, 5]), negatives: int1d(noise) };
    await expectSame([3, 6], bankOf(size, 6, 8), int2d(each), shared);
  }
});

test("supports row counts that are padded before a transpose", { tags: "broad" }, async () => {
  const noise = Array.from({ length: 4096 }, (_, i) => (11 * i) % 50);
  const each = [3, 7].map((positive) => [positive, ...noise]);
  const shared = { positives: int1d([3, 7]), negatives: int1d(noise) };
  await expectSame([2, 3], bankOf(50, 3, 8), int2d(each), shared);
});

test("a batch gathered in two blocks scores as one gathered at once", {
  tags: "broad",
}, async () => {
  const [n, k, dim] = [17, 256, 128]; // 2 MiB are 16 samples
  const noise = Array.from({ length: k }, (_, i) => (11 * i) % 200);
  const positives = Array.from({ length: n }, (_, i) => i);
  const each = int2d(positives.map((row) => [row, ...noise]));
  const shared = { positives: int1d(positives), negatives: int1d(noise) };
  await expectSame([n, dim], bankOf(8 * k + 1, dim, 3), each, shared);
});

test("degenerate and extreme input gives finite losses, gradients and normalizers", async () => {
  const same = tf.tile(embeddingsOf(1, 4, 1), [3, 1]) as tf.Tensor2D;
  const zeros: tf.Tensor2D = tf.zeros([3, 4]);
  const large: tf.Tensor2D = tf.mul(embeddingsOf(3, 4, 2), 1e4);
  for (const [teacher, student] of [
    [same, same],
    [zeros, zeros],
    [large, tf.neg(large)],
    [large, large],
  ] as const) {
    for (const size of [10, 60]) {
      const repeated = tf.tile(tf.slice(same, [0, 0], [1, -1]), [size, 1]) as tf.Tensor2D;
      for (const rows of [repeated, tf.mul(repeated, 1e4), tf.zerosLike(repeated)]) {
        const indices = int2d([0, 1, 2].map((i) => [i, i, 3, 3, 4, 5]));
        const banks = { teacher: rows as tf.Tensor2D, student: tf.neg(rows) as tf.Tensor2D };
        const normalizer = contrastNormalizer(teacher, student, banks, indices);
        const bank = { ...banks, normalizer };
        const f = (t: tf.Tensor, s: tf.Tensor) => crdLoss(t, s, bank, indices);
        const got = valueAndGrads(f, teacher, student);
        await expectFinite(got.value, got.teacher, got.student);
        await expectFinite(normalizer.teacher, normalizer.student);
      }
    }
  }
});

test("the default temperature is 0.07", async () => {
  const [teacher, student, bank] = [embeddingsOf(2, 3, 1), embeddingsOf(2, 3, 2), bankOf(5, 3, 3)];
  const indices = drawn(2, 3, 5, 0);
  const want = await expected(teacher, student, bank, indices, 0.07);
  await expectClose(crdLoss(teacher, student, bank, indices), want.value);
});

test("takes its own normalizer at temperatures down to 0.001", async () => {
  // Rows of length 1 and scores of up to 1/T, whose exponentials leave float32 below T = 1/88.
  const angles = (xs: number[]) => tf.tensor2d(xs.map((x) => [Math.cos(x), Math.sin(x)]));
  const [teacher, student] = [angles([0, 0.02]), angles([0.01, 0.05])] as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const banks = {
    teacher: angles([0.01, 0.03, 0.1, 3]) as tf.Tensor2D,
    student: angles([0, 0.06, -0.1, 1]) as tf.Tensor2D,
  };
  const [indices, k, m] = [
    [
      [0, 2, 3],
      [1, 0, 3],
    ],
    2,
    4,
  ];
  for (const temperature of [0.01, 0.001]) {
    const [v, w] = [
      [await teacher.array(), await student.array()],
      [await banks.student.array(), await banks.teacher.array()],
    ];
    let loss = 0;
    for (const side of [0, 1]) {
      const scores = indices.map((rows, i) =>
        rows.map((row) => {
          const [a, b] = [v[side]![i]!, w[side]![row]!];
          return (a[0]! * b[0]! + a[1]! * b[1]!) / temperature;
        }),
      );
      const max = Math.max(...scores.flat());
      const sum = scores.flat().reduce((total, x) => total + Math.exp(x - max), 0);
      const logZ = max + Math.log((m * sum) / scores.flat().length);
      for (const [positive, ...negatives] of scores) {
        const p = (score: number) => Math.exp(score - logZ);
        const c = k / m + 1e-7;
        loss -= (positive! - logZ - Math.log(p(positive!) + c)) / 2;
        for (const x of negatives) loss -= Math.log(k / m / (p(x) + c)) / 2;
      }
    }
    const drawn = int2d(indices);
    const normalizer = contrastNormalizer(teacher, student, banks, drawn, { temperature });
    const bank = { ...banks, normalizer };
    const f = (t: tf.Tensor, s: tf.Tensor) => crdLoss(t, s, bank, drawn, { temperature });
    const got = valueAndGrads(f, teacher, student);
    await expectClose(got.value, reference(loss));
    await expectFinite(got.teacher, got.student);
  }
});

test("takes a normalizer without logarithms", async () => {
  const [teacher, student, bank] = [embeddingsOf(2, 3, 1), embeddingsOf(2, 3, 2), bankOf(5, 3, 3)];
  const { teacher: z, student: zOfStudent } = bank.normalizer!;
  const logs = { logTeacher: tf.log(z), logStudent: tf.log(zOfStudent) };
  const indices = drawn(2, 3, 5, 0);
  const plain = { ...bank, normalizer: { teacher: z, student: zOfStudent } };
  const both = { ...bank, normalizer: { ...plain.normalizer, ...logs } };
  const right = await crdLoss(teacher, student, both, indices).data();
  await expectClose(crdLoss(teacher, student, plain, indices), reference(right[0]!));
});

test("leaves no tensor behind, with and without gradient", () => {
  const [teacher, student] = [embeddingsOf(2, 3, 1), embeddingsOf(2, 3, 2)];
  const shared = { positives: int1d([0, 1]), negatives: int1d([2, 2, 4]) };
  for (const [size, indices] of [
    [5, drawn(2, 3, 5, 0)],
    [50, drawn(2, 3, 50, 0)],
    [5, shared],
  ] as const) {
    const bank = bankOf(size, 3, 3);
    expectNoLeak(() => crdLoss(teacher, student, bank, indices));
    expectNoLeak(() => {
      const f = (t: tf.Tensor, s: tf.Tensor) => crdLoss(t, s, bank, indices);
      return Object.values(valueAndGrads(f, teacher, student));
    });
  }
});

test("rejects invalid input, naming expected and actual", () => {
  const [x, bank, indices] = [embeddingsOf(2, 3, 1), bankOf(5, 3, 3), drawn(2, 3, 5, 0)];
  expect(() => crdLoss(tf.ones([3]), x, bank, indices)).toThrow(
    "crdLoss: teacherEmbedding must be float32 [batch,dim], got float32 [3]",
  );
  expect(() => crdLoss(x, tf.ones([3, 3]), bank, indices)).toThrow(
    "crdLoss: studentEmbedding must have the shape of teacherEmbedding [2,3], got [3,3]",
  );
  expect(() => crdLoss(x, x, bankOf(5, 4, 3), indices)).toThrow(
    "crdLoss: teacherEmbedding must have the width of bank.teacher [5,4], got [2,3]",
  );
  expect(() => crdLoss(x, x, { ...bank, student: embeddingsOf(4, 3, 1) }, indices)).toThrow(
    "crdLoss: bank.student must have the shape of bank.teacher [5,3], got [4,3]",
  );
  expect(() => crdLoss(x, x, {} as ContrastBank, indices)).toThrow(
    "crdLoss: bank.teacher must be a tf.Tensor, got undefined",
  );
  expect(() => crdLoss(x, x, { ...bank, normalizer: undefined }, indices)).toThrow(
    "crdLoss: bank.normalizer must be {teacher, student} of float32 scalars, see contrastNormalizer, got undefined",
  );
  const oneZ = { teacher: tf.scalar(1), student: tf.ones([1]) as unknown as tf.Scalar };
  expect(() => crdLoss(x, x, { ...bank, normalizer: oneZ }, indices)).toThrow(
    "see contrastNormalizer, got other members",
  );
  for (const [bad, got] of [
    [tf.zeros([2, 4]), "float32 [2,4]"],
    [tf.zeros([3, 4], "int32"), "int32 [3,4]"],
    [tf.zeros([2, 1], "int32"), "int32 [2,1]"],
    [tf.zeros([2], "int32"), "int32 [2]"],
    [{}, "object"],
  ] as const) {
    expect(() => crdLoss(x, x, bank, bad as tf.Tensor2D)).toThrow(
      `crdLoss: contrastIndices must be int32 [2,K+1] with K >= 1 or {positives, negatives}, got ${got}`,
    );
  }
  const [one, two] = [int1d([0]), int1d([0, 1])];
  expect(() => crdLoss(x, x, bank, { positives: one, negatives: two })).toThrow(
    "crdLoss: contrastIndices.positives must be int32 [2], got int32 [1]",
  );
  const none = tf.zeros([0], "int32") as tf.Tensor1D;
  expect(() => crdLoss(x, x, bank, { positives: two, negatives: none })).toThrow(
    "crdLoss: contrastIndices.negatives must be int32 [rows], got int32 [0]",
  );
  expect(() => crdLoss(x, x, bank, indices, { temperature: 0 })).toThrow(
    "crdLoss: temperature must be a finite number > 0, got 0",
  );
});
