import * as tf from "@tensorflow/tfjs-core";
import { checkMaps, checkSameBatch, checkSameShape } from "../internal/checks.ts";
import { sumOf } from "../internal/differentiable.ts";

/** Features of one layer, or of several from input to output. */
export type LayerFeatures<T extends tf.Tensor = tf.Tensor> = T | readonly T[];

/** A layer of the teacher and the matching layer of the student. */
export interface LayerPair<T extends tf.Tensor> {
  teacher: T;
  student: T;
  teacherName: string;
  studentName: string;
}

/**
 * Pairs the teacher's layers with the student's. In a list, the names passed to `check` include the
 * index of the layer.
 */
export function pairLayers<T extends tf.Tensor>(
  fn: string,
  [teacherName, studentName]: readonly [string, string],
  teachers: LayerFeatures,
  students: LayerFeatures,
  check: (name: string, x: tf.Tensor) => T,
): LayerPair<T>[] {
  const isList = Array.isArray(teachers);
  const [t, s] = [[teachers].flat() as tf.Tensor[], [students].flat() as tf.Tensor[]];
  if (isList !== Array.isArray(students) || t.length !== s.length || t.length === 0) {
    const count = (x: LayerFeatures) =>
      Array.isArray(x) ? `a list of ${x.length}` : "a single tensor";
    const got = `${count(teachers)} and ${count(students)}`;
    throw new Error(
      `${fn}: ${teacherName} and ${studentName} must be two tensors or two lists of the same length, at least 1, got ${got}`,
    );
  }
  return t.map((teacher, i) => {
    const at = isList ? `[${i}]` : "";
    const names = { teacherName: teacherName + at, studentName: studentName + at };
    return {
      ...names,
      teacher: check(names.teacherName, teacher),
      student: check(names.studentName, s[i]!),
    };
  });
}

/** Pairs feature maps of equal batch size. Their sizes and channels may differ. */
export function pairMaps(
  fn: string,
  names: readonly [string, string],
  teachers: LayerFeatures,
  students: LayerFeatures,
): LayerPair<tf.Tensor4D>[] {
  const pairs = pairLayers(fn, names, teachers, students, (name, x) => checkMaps(fn, name, x));
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameBatch(fn, studentName, student, teacherName, teacher);
  }
  return pairs;
}

/** Pairs layers of equal shapes. */
export function pairEqualLayers<T extends tf.Tensor>(
  fn: string,
  names: readonly [string, string],
  teachers: LayerFeatures,
  students: LayerFeatures,
  check: (fn: string, name: string, x: tf.Tensor) => T,
): LayerPair<T>[] {
  const pairs = pairLayers(fn, names, teachers, students, (name, x) => check(fn, name, x));
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameShape(fn, studentName, student, teacherName, teacher);
  }
  return pairs;
}

/** The sum of a loss over layers. */
export const sumOverLayers = <T extends tf.Tensor>(
  fn: string,
  pairs: readonly Pick<LayerPair<T>, "teacher" | "student">[],
  loss: (teacher: T, student: T) => tf.Scalar,
): tf.Scalar =>
  tf.tidy(() =>
    sumOf(
      fn,
      pairs.map(({ teacher, student }) => loss(teacher, student)),
    ),
  );
