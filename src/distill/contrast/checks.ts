import * as tf from "@tensorflow/tfjs-core";
import { checkMatrix, checkSameShape, checkTensor, describe } from "../../internal/checks.ts";
import { isFloat16, LARGEST_16 } from "../../ops/float-range.ts";
import type { ContrastBank, ContrastIndices, ContrastNormalizer } from "./types.ts";

/** Checks both banks, float32 [size, dim]. */
export function checkBank(fn: string, bank: ContrastBank) {
  const teacher = checkMatrix(fn, "bank.teacher", bank?.teacher, "dim");
  const student = checkSameShape(fn, "bank.student", bank.student, "bank.teacher", teacher);
  return { teacher, student };
}

/** Checks both normalizers of a bank and their logarithms. */
export function checkNormalizer(fn: string, { normalizer }: ContrastBank): ContrastNormalizer {
  const isScalar = (x: unknown) => x instanceof tf.Tensor && x.rank === 0 && x.dtype === "float32";
  const { teacher, student, logTeacher = teacher, logStudent = student } = normalizer ?? {};
  if (normalizer && [teacher, student, logTeacher, logStudent].every(isScalar)) {
    for (const [name, x] of Object.entries(normalizer)) {
      if (x) checkTensor(fn, `bank.normalizer.${name}`, x);
    }
    return normalizer;
  }
  const expected = "{teacher, student} of float32 scalars, see contrastNormalizer";
  const got = normalizer ? "other members" : normalizer;
  throw new Error(`${fn}: bank.normalizer must be ${expected}, got ${got}`);
}

/**
 * Checks that a normalizer without its logarithm, M · mean exp(⟨v, w⟩/T) of a bank of M rows, fits the
 * floats of the current backend, for embeddings of length 1.
 */
export function checkNormalizerFits(fn: string, size: number, temperature: number): void {
  if (!isFloat16() || Math.log(size) + 1 / temperature <= Math.log(LARGEST_16)) return;
  throw new Error(
    `${fn}: the normalizer of ${size} rows at temperature ${temperature} exceeds ${LARGEST_16}, the largest 16-bit float of this WebGL device; keep logTeacher and logStudent of contrastNormalizer, or use the backend wasm or webgpu`,
  );
}

/** Checks embeddings [N, dim] of teacher and student, and that they are as wide as the bank. */
export function checkEmbeddings(
  fn: string,
  teacherEmbedding: tf.Tensor,
  studentEmbedding: tf.Tensor,
  bank?: Pick<ContrastBank, "teacher">,
) {
  const teacher = checkMatrix(fn, "teacherEmbedding", teacherEmbedding, "dim");
  const name = "studentEmbedding";
  const student = checkSameShape(fn, name, studentEmbedding, "teacherEmbedding", teacher);
  if (bank && bank.teacher.shape[1] !== teacher.shape[1]) {
    const expected = `the width of bank.teacher [${bank.teacher.shape}]`;
    throw new Error(`${fn}: teacherEmbedding must have ${expected}, got [${teacher.shape}]`);
  }
  return { teacher, student };
}

/** Checks row indices, int32 [batch], or of any number if `batch` is absent. */
export function checkRowIndices(fn: string, name: string, x: tf.Tensor, batch?: number) {
  const isTensor = x instanceof tf.Tensor;
  const isRow = isTensor && x.rank === 1 && x.dtype === "int32" && x.size > 0;
  if (isRow && x.size === (batch ?? x.size)) {
    checkTensor(fn, name, x);
    return x as tf.Tensor1D;
  }
  const got = isTensor ? describe(x) : typeof x;
  throw new Error(`${fn}: ${name} must be int32 [${batch ?? "rows"}], got ${got}`);
}

/** Checks indices of either form, and the batch size if given. */
export function checkContrastForm(fn: string, indices: ContrastIndices, batch?: number) {
  if (indices instanceof tf.Tensor) {
    const [n = 0, columns = 0] = indices.shape;
    const fits = indices.rank === 2 && n > 0 && n === (batch ?? n) && columns >= 2;
    if (fits && indices.dtype === "int32") return checkTensor(fn, "contrastIndices", indices);
  } else if (indices?.positives instanceof tf.Tensor) {
    checkRowIndices(fn, "contrastIndices.positives", indices.positives, batch);
    checkRowIndices(fn, "contrastIndices.negatives", indices.negatives);
    return;
  }
  const expected = `int32 [${batch ?? "batch"},K+1] with K >= 1 or {positives, negatives}`;
  const actual: unknown = indices;
  const got = actual instanceof tf.Tensor ? describe(actual) : typeof actual;
  throw new Error(`${fn}: contrastIndices must be ${expected}, got ${got}`);
}
