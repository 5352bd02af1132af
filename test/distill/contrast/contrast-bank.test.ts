import "@tensorflow/tfjs-core/dist/register_all_gradients";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  type ContrastBank,
  contrastNormalizer,
  crdLoss,
  createContrastBank,
  l2Normalize,
  updateContrastBank,
} from "../../../src/index.ts";
import golden from "../../golden/crd.json";
import { expectClose, expectFinite, expectNoLeak, reference, toTensor } from "../../support.ts";
import { bankOf, embeddingsOf, int1d } from "./support.ts";

for (const { name, params, weights, initial, steps } of golden.cases) {
  const { temperature, momentum } = params;
  test(`two steps of ${name}: losses, gradients down to the features, normalizers, banks`, async () => {
    let bank: ContrastBank = {
      teacher: toTensor(initial.memoryT) as tf.Tensor2D,
      student: toTensor(initial.memoryS) as tf.Tensor2D,
    };
    for (const { inputs, outputs, grads } of steps) {
      const [indices, drawn] = [inputs.indices, inputs.contrastIndices].map((x) =>
        toTensor(x, "int32"),
      ) as [tf.Tensor1D, tf.Tensor2D];
      const names = ["teacher", "kernelT", "biasT", "student", "kernelS", "biasS"] as const;
      const all = { ...weights, ...inputs };
      const variables = names.map((name) => toTensor(all[name]));
      const embed = () =>
        [0, 3].map((i) => {
          const [x, kernel, bias] = variables.slice(i, i + 3) as tf.Tensor2D[];
          return l2Normalize(tf.add(tf.matMul(x!, kernel!), bias!));
        }) as [tf.Tensor2D, tf.Tensor2D];

      bank.normalizer ??= contrastNormalizer(...embed(), bank, drawn, { temperature });
      await expectClose(bank.normalizer.teacher, reference(outputs.zT));
      await expectClose(bank.normalizer.student, reference(outputs.zS));
      const step = tf
        .engine()
        .gradients(() => crdLoss(...embed(), bank, drawn, { temperature }), variables);
      await expectClose(step.value, outputs.loss);
      for (const [i, name] of names.entries()) await expectClose(step.grads[i]!, grads[name]);

      bank = updateContrastBank(bank, ...embed(), indices, { momentum });
      await expectClose(bank.teacher, outputs.memoryT);
      await expectClose(bank.student, outputs.memoryS);
    }
  });
}

test("random rows are uniform within ±√(3/dim) and fixed by the seed", async () => {
  const bank = createContrastBank({ size: 500, dim: 12, seed: 0 });
  const [teacher, student] = [await bank.teacher.data(), await bank.student.data()];
  expect(bank.teacher.shape).toEqual([500, 12]);
  expect(bank.student.shape).toEqual([500, 12]);
  expect(bank.normalizer).toBeUndefined();
  for (const rows of [[...teacher], [...student]]) {
    expect(Math.max(...rows.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(Math.max(...rows)).toBeGreaterThan(0.49);
    expect(Math.min(...rows)).toBeLessThan(-0.49);
    const [mean, square] = [1, 2].map(
      (p) => rows.reduce((sum, x) => sum + x ** p, 0) / rows.length,
    );
    expect(Math.abs(mean!)).toBeLessThan(0.015); // 4 standard errors
    expect(square).toBeCloseTo(1 / 12, 2);
  }
  expect(teacher).not.toEqual(student);

  const again = createContrastBank({ size: 500, dim: 12, seed: 0 });
  expect(await again.teacher.data()).toEqual(teacher);
  expect(await again.student.data()).toEqual(student);
  for (const seed of [1, 2 ** 32, undefined]) {
    const other = createContrastBank({ size: 500, dim: 12, seed });
    expect(await other.teacher.data()).not.toEqual(teacher);
  }
});

/** A row after updateContrastBank. */
const moved = (old: tf.Tensor, embedding: tf.Tensor, momentum: number) =>
  l2Normalize(tf.add(tf.mul(old, momentum), tf.mul(embedding, 1 - momentum)));

test("moves the rows of the batch and changes neither the old bank nor other rows", async () => {
  const [bank, teacher, student] = [bankOf(7, 3, 1), embeddingsOf(3, 3, 5), embeddingsOf(3, 3, 6)];
  const before = await Promise.all([bank.teacher.data(), bank.student.data()]);
  const indices = [5, 1, 6];
  for (const momentum of [0, 0.5, 0.9, 1]) {
    const next = updateContrastBank(bank, teacher, student, int1d(indices), { momentum });
    expect(next.normalizer).toBe(bank.normalizer);
    for (const [side, embeddings] of [
      ["teacher", teacher],
      ["student", student],
    ] as const) {
      const rows = (await bank[side].array()) as number[][];
      for (const [i, row] of indices.entries()) {
        const at = (x: tf.Tensor, i: number) => tf.slice(x, [i, 0], [1, -1]);
        const target = moved(at(bank[side], row), at(embeddings, i), momentum);
        rows[row] = [...(await target.data())];
      }
      await expectClose(next[side], reference(rows));
    }
  }
  expect(await Promise.all([bank.teacher.data(), bank.student.data()])).toEqual(before);
});

test("a sample that occurs three times in the batch moves once, towards its mean embedding", async () => {
  const [bank, embeddings] = [bankOf(4, 3, 1), embeddingsOf(4, 3, 5)];
  const next = updateContrastBank(bank, embeddings, embeddings, int1d([2, 0, 2, 2]));
  const mean = tf.mean(tf.gather(embeddings, [0, 2, 3]), 0, true);
  const two = tf.concat([mean, tf.slice(embeddings, [1, 0], [1, -1])]);
  const once = updateContrastBank(bank, two, two, int1d([2, 0]));
  for (const side of ["teacher", "student"] as const) {
    await expectClose(next[side], reference((await once[side].array()) as number[][]));
  }
});

test("opposite and zero embeddings, one row and width 1 stay finite", async () => {
  const cases: [number[][], number[][]][] = [
    [[[0.6, 0.8]], [[-0.6, -0.8]]],
    [[[0, 0]], [[0, 0]]],
    [[[1]], [[-1]]],
  ];
  for (const [old, embedding] of cases) {
    const [row, x] = [tf.tensor2d(old), tf.tensor2d(embedding)];
    const next = updateContrastBank({ teacher: row, student: row }, x, x, int1d([0]));
    await expectFinite(next.teacher, next.student);
  }
});

test("leaves no tensor behind", () => {
  const [bank, embeddings, indices] = [bankOf(4, 3, 1), embeddingsOf(2, 3, 5), int1d([0, 3])];
  const rows = ({ teacher, student }: ContrastBank) => [teacher, student];
  expectNoLeak(() => rows(createContrastBank({ size: 4, dim: 3 })));
  expectNoLeak(() => rows(updateContrastBank(bank, embeddings, embeddings, indices)));
});

test("rejects invalid input, naming expected and actual", () => {
  const [bank, x, indices] = [bankOf(4, 3, 1), embeddingsOf(2, 3, 5), int1d([0, 3])];
  expect(() => createContrastBank({ size: 0, dim: 3 })).toThrow(
    "createContrastBank: size must be an integer >= 1, got 0",
  );
  expect(() => createContrastBank({ size: 4, dim: 1.5 })).toThrow(
    "createContrastBank: dim must be an integer >= 1, got 1.5",
  );
  expect(() => createContrastBank({ size: 4, dim: 3, seed: -1 })).toThrow(
    "createContrastBank: seed must be an integer >= 0, got -1",
  );
  expect(() =>
    updateContrastBank({ ...bank, teacher: tf.ones([4]) as never }, x, x, indices),
  ).toThrow("updateContrastBank: bank.teacher must be float32 [batch,dim], got float32 [4]");
  expect(() =>
    updateContrastBank(bank, embeddingsOf(2, 4, 1), embeddingsOf(2, 4, 1), indices),
  ).toThrow(
    "updateContrastBank: teacherEmbedding must have the width of bank.teacher [4,3], got [2,4]",
  );
  expect(() => updateContrastBank(bank, x, embeddingsOf(1, 3, 1), indices)).toThrow(
    "updateContrastBank: studentEmbedding must have the shape of teacherEmbedding [2,3], got [1,3]",
  );
  expect(() => updateContrastBank(bank, x, x, int1d([0]))).toThrow(
    "updateContrastBank: indices must be int32 [2], got int32 [1]",
  );
  expect(() => updateContrastBank(bank, x, x, tf.tensor1d([0, 3]))).toThrow(
    "updateContrastBank: indices must be int32 [2], got float32 [2]",
  );
  expect(() => updateContrastBank(bank, x, x, indices, { momentum: 1.1 })).toThrow(
    "updateContrastBank: momentum must be a finite number >= 0 and <= 1, got 1.1",
  );
});
