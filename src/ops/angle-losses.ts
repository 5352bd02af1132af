import * as tf from "@tensorflow/tfjs-core";
import { blockElements } from "./block-elements.ts";
import { columnSums } from "./column-sums.ts";
import { runOp } from "./run-op.ts";
import { sliceRows } from "./slice-rows.ts";
import { sumAll } from "./sums.ts";

/** What angles between samples follow from, [N, N] each and symmetric. */
export interface Arms {
  /** A part of the squared distances D. */
  centres: tf.Tensor2D;
  /** The other part: D = centres + rest. They are kept apart because each cancels exactly. */
  rest: tf.Tensor2D;
  /** The factor of each arm in a cosine, 1/(√2 d). */
  z: tf.Tensor2D;
}

/** What the loss of all angles and its gradient consist of. */
export interface AngleLosses {
  loss: tf.Scalar;
  p: tf.Tensor2D;
  t: tf.Tensor2D;
  opposite: tf.Tensor2D;
}

/**
 * Compares the cosines of all angles with a teacher's by ℓ(x) = h (x − h/2), h = clip(x, −1, 1). The cosine
 * at k between i and j is a_ikj = (D_kj + D_ik − D_ij) z_ik z_kj. With h of a − a^teacher, returns
 * Σ_ikj ℓ, and [N, N] each p_ik = Σ_j h z_ik z_kj, t_ik = Σ_j h a, and the sum of the terms of p by the
 * opposite side, opposite_ij = Σ_k h z_ik z_kj. NaN may be lost on some backends. No gradient is defined.
 */
export function angleLosses(student: Arms, teacher: Arms): AngleLosses {
  const inputs = {
    ...student,
    teacherCentres: teacher.centres,
    teacherRest: teacher.rest,
    teacherZ: teacher.z,
  };
  const [loss, p, t, opposite] = runOp<[tf.Scalar, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]>(
    "KdCmiAngleLosses",
    inputs,
    {},
    () => {
      const n = student.z.shape[0];
      const height = Math.max(1, Math.floor(blockElements() / n ** 2));
      const blocks = Array.from({ length: Math.ceil(n / height) }, (_, block) =>
        tf.tidy(() => blockLosses(student, teacher, block * height, height)),
      );
      const all = (name: keyof (typeof blocks)[0]) =>
        tf.concat2d(
          blocks.map((block) => block[name]),
          0,
        );
      return [sumAll(all("losses")), all("p"), all("t"), all("opposite")];
    },
  );
  return { loss, p, t, opposite };
}

/** The rows i of a block. */
function blockLosses(student: Arms, teacher: Arms, first: number, height: number) {
  const count = Math.min(height, student.z.shape[0] - first);
  const { cosines, zz } = anglesOf(student, first, count);
  const x: tf.Tensor3D = tf.sub(cosines, anglesOf(teacher, first, count).cosines);
  const h = tf.clipByValue(x, -1, 1);
  const loss: tf.Tensor3D = tf.mul(h, tf.sub(x, tf.mul(h, 0.5)));
  const p: tf.Tensor3D = tf.mul(h, zz);
  const onArm = (x: tf.Tensor): tf.Tensor2D => tf.sum(x, 2);
  return {
    losses: columnSums(loss),
    p: onArm(p),
    t: onArm(tf.mul(h, cosines)),
    opposite: columnSums(p),
  };
}

/** The cosines [arms i, k, j] of some rows i, and z_ik z_kj. */
const anglesOf = ({ centres, rest, z }: Arms, first: number, count: number) =>
  tf.tidy(() => {
    const rowsOf = (x: tf.Tensor2D) => sliceRows(x, first, count);
    const numerator = (x: tf.Tensor2D) =>
      tf.sub(tf.add(x, tf.expandDims(rowsOf(x), 2)), tf.expandDims(rowsOf(x), 1));
    const zz = tf.mul(z, tf.expandDims(rowsOf(z), 2));
    const cosines = tf.mul(tf.add(numerator(centres), numerator(rest)), zz);
    return { cosines, zz };
  });
