import * as tf from "@tensorflow/tfjs-core";
import { checkMaps, checkSameBatch, checkSameShape } from "../internal/checks.ts";

/** A loss of closed form between one layer of the teacher and one of the student. */
export interface LayerLoss<T extends tf.Tensor> {
  /** The scalar loss, and the tensors that the gradient needs. */
  forward(teacher: T, student: T, layer: number): { loss: tf.Scalar; saved: tf.Tensor[] };
  /** The derivative of the loss by the student's features, in their shape. */
  gradient(saved: tf.Tensor[], layer: number): tf.Tensor;
}

/** One layer, or several from the input to the output. */
export type Layers<T extends tf.Tensor = tf.Tensor> = T | readonly T[];

/** A layer of the teacher and the student's layer that learns from it. */
export interface LayerPair<T extends tf.Tensor> {
  teacher: T;
  student: T;
  teacherName: string;
  studentName: string;
}

/**
 * Pairs the teacher's layers with the student's. The names that `check` is given carry the index
 * of the layer where there is a list.
 */
export function pairLayers<T extends tf.Tensor>(
  fn: string,
  [teacherName, studentName]: readonly [string, string],
  teachers: Layers,
  students: Layers,
  check: (name: string, x: tf.Tensor) => T,
): LayerPair<T>[] {
  const isList = Array.isArray(teachers);
  const [t, s] = [[teachers].flat() as tf.Tensor[], [students].flat() as tf.Tensor[]];
  if (isList !== Array.isArray(students) || t.length !== s.length || t.length === 0) {
    const count = (x: Layers) => (Array.isArray(x) ? `a list of ${x.length}` : "a single tensor");
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

/** Pairs feature maps of the same samples; their sizes and channels may differ. */
export function pairMaps(
  fn: string,
  names: readonly [string, string],
  teachers: Layers,
  students: Layers,
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
  teachers: Layers,
  students: Layers,
  check: (fn: string, name: string, x: tf.Tensor) => T,
): LayerPair<T>[] {
  const pairs = pairLayers(fn, names, teachers, students, (name, x) => check(fn, name, x));
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameShape(fn, studentName, student, teacherName, teacher);
  }
  return pairs;
}

/**
 * The sum of a loss over layers, in value and in gradient, as one operation: not even tfjs' own
 * gradient of an addition is needed.
 */
export function sumOverLayers<T extends tf.Tensor>(
  pairs: readonly { teacher: T; student: T }[],
  { forward, gradient }: LayerLoss<T>,
): tf.Scalar {
  const op = tf.customGrad((...args) => {
    const students = args.slice(0, -1) as T[];
    const save = args.at(-1) as tf.GradSaveFunc;
    const layers = students.map((student, i) => forward(pairs[i]!.teacher, student, i));
    save(layers.flatMap(({ saved }) => saved));
    const ends = layers.map((_, i) =>
      layers.slice(0, i + 1).reduce((n, { saved }) => n + saved.length, 0),
    );
    const value = layers.map(({ loss }) => loss).reduce((a, b) => tf.add(a, b));
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) =>
      ends.map((end, i) => tf.mul(gradient(kept.slice(ends[i - 1] ?? 0, end), i), dy));
    return { value, gradFunc };
  });
  return op(...pairs.map(({ student }) => student)) as tf.Scalar;
}
