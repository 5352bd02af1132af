import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkNumber, checkOptions, checkSameBatch } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { type Arms, angleLosses } from "../../ops/angle-losses.ts";
import { fitGradient, fitRange } from "../../ops/fit-range.ts";
import { atLeastNormal } from "../../ops/float-range.ts";
import { tiny } from "../../ops/safe-log.ts";
import { spread, toRows } from "./gram.ts";
import { type SampleDistances, sampleDistances, weightedDifferences } from "./sample-distances.ts";

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

/** The lower bounds of distances and of the lengths of arms, as in the authors' code. */
const SMALLEST_DISTANCE = 1e-6;
const SMALLEST_ARM = 1e-12;

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
 * samples i and j. The widths of teacher and student may differ. Distances below 1e-6 count as 1e-6,
 * and arms of an angle below 1e-12 are divided by 1e-12. Equal samples have cosine 0 with every
 * sample, and no gradient between them. A batch of 1 gives 0.
 *
 * Distances are computed from differences and angles from distances, so that both are right for
 * samples near each other. Time grows with N³ and with N² D. Memory is that of a dozen tensors of
 * 2¹⁹ numbers, or of N² numbers from N = 725 on.
 *
 * Use when: the student is an embedding for distances, as in metric learning. The triplets cost N³
 * angles, so batches are small.
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
      const target = sampleDistances(fitRows(teacher).scaled);
      const { scaled: rows, largest } = fitRows(x);
      const own = sampleDistances(rows);
      const none: Part = { loss: tf.scalar(0), slope: tf.zerosLike(own.squared) };
      const distances = distanceWeight > 0 ? distancePart(target, own, distanceWeight) : none;
      const angles = angleWeight > 0 ? anglePart(target, own, angleWeight) : none;
      const slope = tf.add(distances.slope, angles.slope);
      const both: tf.Tensor2D = tf.mul(tf.add(slope, tf.transpose(slope)), 2);
      const slopes = fitGradient(weightedDifferences(both, own), largest, spread(rows));
      const value: tf.Scalar = tf.add(distances.loss, angles.loss);
      const gradient = tf.add(tf.mul(slopes, own.scale), tf.sub(value, value)); // NaN stays NaN
      return { value, saved: [gradient] };
    },
    (gradient) => [tf.reshape(gradient, student.shape)],
  );
}

/** Rows of features. The loss does not depend on their scale. */
const fitRows = (features: tf.Tensor) =>
  fitRange(toRows(features), undefined, spread(toRows(features)));

/** A part of the loss, and its derivative with respect to the squared distances [N, N]. */
interface Part {
  loss: tf.Scalar;
  slope: tf.Tensor2D;
}

/**
 * With r = d/d̄ and h = clip(r − r^teacher): dL/dd_ij = (h_ij − mean of h r over pairs)/(d̄ N²).
 */
function distancePart(target: SampleDistances, own: SampleDistances, weight: number): Part {
  const n = own.squared.shape[0];
  const relative = ({ d, scale }: SampleDistances) => {
    const bounded = tf.maximum(d, tf.mul(scale, atLeastNormal(SMALLEST_DISTANCE)));
    const pairs = tf.mul(bounded, tf.sub(1, tf.eye(n)));
    const mean = tf.maximum(tf.mul(tf.sum(pairs), 1 / Math.max(n * (n - 1), 1)), tiny());
    return { r: tf.div(pairs, mean), mean };
  };
  const { r, mean } = relative(own);
  const { loss, h } = smoothL1(tf.sub(r, relative(target).r));
  const share = tf.mul(tf.sum(tf.mul(h, r)), 1 / Math.max(n * (n - 1), 1));
  const isApart = tf.step(tf.sub(own.d, tf.mul(own.scale, atLeastNormal(SMALLEST_DISTANCE))));
  const perSquare = tf.divNoNan(isApart, own.d); // 2 dd/dD
  const perEntry = tf.div(weight / (2 * n ** 2), mean);
  const slope: tf.Tensor2D = tf.mul(tf.mul(tf.sub(h, share), perSquare), perEntry);
  return { loss: tf.mul(tf.sum(loss), weight / n ** 2), slope };
}

/**
 * With z = 1/(√2 d), the cosine at k between i and j is a_ijk = (D_ik + D_jk − D_ij) z_ik z_jk.
 * With h = clip(a − a^teacher), P = h z_ik z_jk and T = h a, symmetric in i and j: dL/dD_ij = −Σ_k
 * P_ijk where D_ij is the opposite side, and 2 Σ_i (P_ijk − z_jk² T_ijk) where D_jk is an arm.
 */
function anglePart(target: SampleDistances, own: SampleDistances, weight: number): Part {
  const n = own.d.shape[0];
  const { loss, p, t, opposite } = angleLosses(armsOf(own), armsOf(target));
  const isLong = tf.step(tf.sub(own.d, tf.mul(own.scale, atLeastNormal(SMALLEST_ARM))));
  const perArm = tf.mul(tf.square(inverseArms(own)), isLong);
  const ownSlope = tf.mul(perArm, tf.mul(t, 0.5));
  const slope: tf.Tensor2D = tf.sub(tf.mul(tf.sub(p, ownSlope), 2), opposite);
  const perTriple = weight / n ** 3;
  return { loss: tf.mul(loss, perTriple), slope: tf.mul(slope, perTriple) };
}

/** 1/max(d, 1e-12), and 0 for equal samples. */
const inverseArms = ({ d, scale }: SampleDistances): tf.Tensor2D =>
  tf.div(tf.step(d), tf.maximum(d, tf.mul(scale, atLeastNormal(SMALLEST_ARM))));

const armsOf = (distances: SampleDistances): Arms => ({
  centres: distances.betweenCentres,
  rest: distances.rest,
  z: tf.mul(inverseArms(distances), Math.SQRT1_2),
});

/** The loss ℓ(x) = h (x − h/2) and its derivative h = clip(x, −1, 1). */
function smoothL1<T extends tf.Tensor>(x: T): { loss: T; h: T } {
  const h = tf.clipByValue(x, -1, 1);
  return { loss: tf.mul(h, tf.sub(x, tf.mul(h, 0.5))), h };
}
