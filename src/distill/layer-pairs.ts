import * as tf from "@tensorflow/tfjs-core";
import {
  checkMaps,
  checkMapsOrTokens,
  checkSameBatch,
  checkSameShape,
  describe,
} from "../internal/checks.ts";
import { differentiable, sumOf } from "../internal/differentiable.ts";

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

/** Checks for feature maps, NHWC, with advice for tokens. */
export function checkLayerMaps(fn: string, name: string, x: tf.Tensor): tf.Tensor4D {
  if (!(x instanceof tf.Tensor && x.rank === 3)) return checkMaps(fn, name, x);
  const expected = "float32 [batch,height,width,channels]";
  const advice = "reshape tokens of a grid to this, without class token";
  throw new Error(`${fn}: ${name} must be ${expected}, got ${describe(x)}; ${advice}`);
}

/** Pairs feature maps of equal batch size. Their sizes and channels may differ. */
export function pairMaps(
  fn: string,
  names: readonly [string, string],
  teachers: LayerFeatures,
  students: LayerFeatures,
): LayerPair<tf.Tensor4D>[] {
  const pairs = pairLayers(fn, names, teachers, students, (name, x) => checkLayerMaps(fn, name, x));
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameBatch(fn, studentName, student, teacherName, teacher);
  }
  return pairs;
}

/** Features of positions: maps [N, H, W, C], or tokens [N, T, C]. */
export type MapsOrTokens = tf.Tensor3D | tf.Tensor4D;

/** Pairs feature maps as {@link pairMaps}, or tokens, which must be equally many. */
export function pairMapsOrTokens(
  fn: string,
  names: readonly [string, string],
  teachers: LayerFeatures,
  students: LayerFeatures,
): LayerPair<MapsOrTokens>[] {
  const check = (name: string, x: tf.Tensor) => checkMapsOrTokens(fn, name, x);
  const pairs = pairLayers<MapsOrTokens>(fn, names, teachers, students, check);
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameBatch(fn, studentName, student, teacherName, teacher);
    const isToken = [teacher, student].some(({ rank }) => rank === 3);
    if (!isToken || (student.rank === teacher.rank && student.shape[1] === teacher.shape[1]))
      continue;
    const expected = `as many tokens as ${teacherName} [${teacher.shape}]`;
    const advice = "reshape the tokens of a grid to [batch,height,width,channels]";
    throw new Error(
      `${fn}: ${studentName} must have ${expected}, got [${student.shape}]; ${advice}`,
    );
  }
  return pairs;
}

/** Maps, or tokens as maps of width 1, [N, T, 1, C]. */
export function asMaps(fn: string, x: MapsOrTokens): tf.Tensor4D {
  if (x.rank === 4) return x as tf.Tensor4D;
  const [batch, tokens, channels] = x.shape as [number, number, number];
  return differentiable(
    fn,
    [x],
    (rows) => ({
      value: tf.reshape<tf.Rank.R4>(rows, [batch, tokens, 1, channels]),
      saved: [],
    }),
    (dy) => [tf.reshape(dy, [batch, tokens, channels])],
  );
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
