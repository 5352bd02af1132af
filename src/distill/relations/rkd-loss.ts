import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkNumber, checkOptions, checkSameBatch } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { gram } from "../../ops/row-products.ts";
import { TINY } from "../../ops/safe-log.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import { rowSum, sumAll } from "../../ops/sums.ts";
import { toRows } from "./gram.ts";

/** Options of {@link rkdLoss}. */
export interface RkdOptions {
  /** Weight ≥ 0 of the distances; default 25, as in the authors' runs. */
  distanceWeight?: number | undefined;
  /**
   * Weight ≥ 0 of the angles; default 50, as in the authors' runs. 0 skips the angles, which take
   * nearly all the time.
   */
  angleWeight?: number | undefined;
}

/** The lower bound of squared distances, as in the authors' code. */
const SMALLEST = 1e-12;

/**
 * Squared distances below this fraction of the squared lengths (from the mean) are mostly float32
 * rounding error: such pairs count as equal.
 */
const RESOLUTION = 1e-6;

/** Elements of the [arms, N, N] tensors processed at a time: 2 MB stay in a CPU's cache. */
const ELEMENTS = 2 ** 19;

/**
 * Relational knowledge distillation (RKD): matches relative pairwise distances and triplet angles
 * to the teacher's. Dimensionless.
 *
 * $$L = \frac{w_d}{N^2} \sum_{ij} \ell\!\left( \frac{d_{ij}}{\bar d} -
 * \frac{d^{teacher}_{ij}}{\bar d^{teacher}} \right) + \frac{w_a}{N^3} \sum_{ijk} \ell\!\left(
 * \cos \angle_{ikj} - \cos \angle^{teacher}_{ikj} \right), \qquad
 * \ell(x) = \begin{cases} x^2/2 & |x| \le 1 \\ |x| - 1/2 & |x| > 1 \end{cases}$$
 *
 * d is the Euclidean distance, d̄ its mean over all pairs, and ∠_ikj the angle at sample k between
 * samples i and j. The widths of teacher and student may differ. Equal samples have distance 1e-6,
 * cosine 0 with every sample, and no gradient between them. Pairs closer than a thousandth of their
 * distance from the batch mean count as equal. A batch of 1 gives 0.
 *
 * Distances and angles are computed from the Gram matrix, so the cost hardly depends on the width.
 * Time grows with N³. Memory is that of a dozen tensors of 2¹⁹ numbers, or of N² numbers from
 * N = 725 on.
 *
 * Usual weight: 1, with the inner weights 25 and 50 (RepDistiller, `run_cifar_distill.sh`).
 *
 * Trainable parts: none.
 *
 * Source: Park et al., "Relational knowledge distillation", CVPR 2019 (arXiv 1904.05068), sections
 * 3.2.1 and 3.2.2; the smallest distance and the weights follow RepDistiller.
 *
 * @param teacherFeatures float32 [N, …], usually an embedding [N, D]; a constant, no gradient flows
 * into it.
 * @param studentFeatures float32 [N, …].
 * @param options `distanceWeight` and `angleWeight`, see {@link RkdOptions}.
 * @returns A scalar of at least 0.
 * @throws If a shape, dtype or option is not as described, or if the batches differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { rkdLoss } from "kd-cmi";
 *
 * const teacherFeatures = tf.randomNormal([8, 128]);
 * const studentFeatures = tf.randomNormal([8, 64]);
 * const loss = rkdLoss(teacherFeatures, studentFeatures, { distanceWeight: 25, angleWeight: 50 });
 * ```
 */
export function rkdLoss(
  teacherFeatures: tf.Tensor,
  studentFeatures: tf.Tensor,
  options: RkdOptions = {},
): tf.Scalar {
  checkOptions("rkdLoss", options, ["distanceWeight", "angleWeight"]);
  const { distanceWeight = 25, angleWeight = 50 } = options;
  const teacher = checkFeatures("rkdLoss", "teacherFeatures", teacherFeatures);
  const student = checkFeatures("rkdLoss", "studentFeatures", studentFeatures);
  checkSameBatch("rkdLoss", "studentFeatures", student, "teacherFeatures", teacher);
  checkNumber("rkdLoss", "distanceWeight", distanceWeight, { minimum: 0 });
  checkNumber("rkdLoss", "angleWeight", angleWeight, { minimum: 0 });

  // Both parts are functions of the squared distances D: with W = M + Mᵀ, M = dL/dD, and
  // D_ij = |e_i − e_j|², the gradient is de_i = 2 Σ_j W_ij (e_i − e_j).
  return scalarLoss(
    "rkdLoss",
    [student],
    (x) => {
      const target = distancesOf(teacher);
      const own = distancesOf(x);
      const none: Part = { loss: tf.scalar(0), slope: tf.zerosLike(own.squared) };
      const distances = distanceWeight > 0 ? distancePart(target, own, distanceWeight) : none;
      const angles = angleWeight > 0 ? anglePart(target, own, angleWeight) : none;
      const slope = tf.add(distances.slope, angles.slope);
      const both: tf.Tensor2D = tf.mul(tf.add(slope, tf.transpose(slope)), 2);
      const gradient = tf.sub(tf.mul(own.rows, rowSum(both)), tf.matMul(both, own.rows));
      const value: tf.Scalar = tf.add(distances.loss, angles.loss);
      return { value, saved: [gradient] };
    },
    (gradient) => [tf.reshape(gradient, student.shape)],
  );
}

/** Distances between all pairs of samples, [N, N]. */
interface Distances {
  squared: tf.Tensor2D;
  /** 1/d; 0 for equal samples. */
  inverse: tf.Tensor2D;
  /** The features [N, D] minus their mean. */
  rows: tf.Tensor2D;
}

/** A part of the loss, and its derivative with respect to the squared distances [N, N]. */
interface Part {
  loss: tf.Scalar;
  slope: tf.Tensor2D;
}

function distancesOf(features: tf.Tensor): Distances {
  const raw = toRows(features);
  // Distances do not depend on the mean, and differences of large numbers lose digits.
  const rows: tf.Tensor2D = tf.sub(raw, tf.mean(raw, 0, true));
  const products = gram(rows);
  const lengths = rowSum(tf.mul(products, tf.eye(rows.shape[0])));
  const both = tf.add(lengths, tf.transpose(lengths));
  const exact = tf.sub(both, tf.mul(products, 2));
  const differ = tf.step(tf.sub(exact, tf.maximum(tf.mul(both, RESOLUTION), SMALLEST ** 2)));
  const squared: tf.Tensor2D = tf.mul(exact, differ);
  const inverse: tf.Tensor2D = tf.div(differ, tf.sqrt(tf.maximum(squared, SMALLEST ** 2)));
  return { squared, inverse, rows };
}

/**
 * With r = d/d̄ and h = clip(r − r^teacher): dL/dd_ij = (h_ij − mean of h r over pairs)/(d̄ N²).
 */
function distancePart(target: Distances, own: Distances, weight: number): Part {
  const n = own.squared.shape[0];
  const relative = ({ squared }: Distances) => {
    const d = tf.mul(tf.sqrt(tf.maximum(squared, SMALLEST)), tf.sub(1, tf.eye(n)));
    const mean = tf.maximum(tf.mul(tf.sum(d), 1 / Math.max(n * (n - 1), 1)), TINY);
    return { r: tf.div(d, mean), mean };
  };
  const { r, mean } = relative(own);
  const { loss, h } = smoothL1(tf.sub(r, relative(target).r));
  const share = tf.mul(tf.sum(tf.mul(h, r)), 1 / Math.max(n * (n - 1), 1));
  const perSquare = tf.mul(own.inverse, tf.step(tf.sub(own.squared, SMALLEST))); // 2 dd/dD
  const perEntry = tf.div(weight / (2 * n ** 2), mean);
  const slope: tf.Tensor2D = tf.mul(tf.mul(tf.sub(h, share), perSquare), perEntry);
  return { loss: tf.mul(tf.sum(loss), weight / n ** 2), slope };
}

/**
 * With z = 1/(√2 d), the cosine at k between i and j is a_ijk = (D_ik + D_jk − D_ij) z_ik z_jk.
 * With h = clip(a − a^teacher), P = h z_ik z_jk and T = h a, symmetric in i and j: dL/dD_ij = −Σ_k
 * P_ijk where D_ij is the opposite side, and 2 Σ_i (P_ijk − z_jk² T_ijk) where D_jk is an arm.
 */
function anglePart(target: Distances, own: Distances, weight: number): Part {
  const n = own.squared.shape[0];
  const chunks = Math.ceil(n / Math.max(Math.floor(ELEMENTS / n ** 2), 1));
  const arms = Math.ceil(n / chunks);
  // Arms beyond the last sample have z = 0 and contribute to no sum.
  const [student, teacher] = [anglesOf(own, chunks * arms), anglesOf(target, chunks * arms)];

  const termsFrom = (i: number): AngleTerms =>
    tf.tidy(() => {
      const { cosines, zz } = student(i, i + arms);
      const { loss, h } = smoothL1<tf.Tensor3D>(tf.sub(cosines, teacher(i, i + arms).cosines));
      return { loss, p: tf.mul(h, zz), t: tf.mul(h, cosines) };
    });
  let { loss, p, t } = termsFrom(0); // sums over the chunks
  const opposite: tf.Tensor2D[] = [tf.sum(p, 2)];
  for (let i = arms; i < chunks * arms; i += arms) {
    const next = termsFrom(i);
    opposite.push(tf.sum(next.p, 2));
    const sums = tf.tidy(
      (): AngleTerms => ({
        loss: tf.add(next.loss, loss),
        p: tf.add(next.p, p),
        t: tf.add(next.t, t),
      }),
    );
    tf.dispose([loss, p, t, next.loss, next.p, next.t]);
    ({ loss, p, t } = sums);
  }

  const ownSlope = tf.mul(tf.square(own.inverse), tf.mul(tf.sum(t, 0), 0.5));
  const onArms = tf.mul(tf.sub(tf.sum(p, 0), ownSlope), 2);
  const slope: tf.Tensor2D = tf.sub(onArms, sliceRows(tf.concat2d(opposite, 0), 0, n));
  const perTriple = weight / n ** 3;
  return { loss: tf.mul(sumAll(tf.sum(loss, 2)), perTriple), slope: tf.mul(slope, perTriple) };
}

/** The losses, P and T of some arms i, [arms, N, N]. */
type AngleTerms = { loss: tf.Tensor3D; p: tf.Tensor3D; t: tf.Tensor3D };

/** Returns a function that computes the cosines [arms i, j, k] of some rows i, and z_ik z_jk. */
function anglesOf({ squared, inverse }: Distances, rows: number) {
  const n = squared.shape[0];
  const z: tf.Tensor2D = tf.mul(inverse, Math.SQRT1_2);
  const pad = (x: tf.Tensor2D) => tf.concat2d([x, tf.zeros([rows - n, n])], 0);
  const [paddedSquares, paddedZ] = [pad(squared), pad(z)];
  return (first: number, end: number) =>
    tf.tidy(() => {
      const d = sliceRows(paddedSquares, first, end - first);
      const zi = sliceRows(paddedZ, first, end - first);
      const numerator = tf.sub(tf.add(squared, tf.expandDims(d, 1)), tf.expandDims(d, 2));
      const zz = tf.mul(z, tf.expandDims(zi, 1));
      return { cosines: tf.mul(numerator, zz), zz };
    });
}

/** The loss ℓ(x) = h (x − h/2) and its derivative h = clip(x, −1, 1). */
function smoothL1<T extends tf.Tensor>(x: T): { loss: T; h: T } {
  const h = tf.clipByValue(x, -1, 1);
  return { loss: tf.mul(h, tf.sub(x, tf.mul(h, 0.5))), h };
}
