import * as tf from "@tensorflow/tfjs-core";
import {
  checkLogitPair,
  checkNumber,
  checkOptions,
  checkTemperature,
  checkWeights,
  columnsOf,
} from "../../internal/checks.ts";
import { differentiableRows } from "../../internal/differentiable.ts";
import { countedRows, flatRows, rowWeights } from "../../internal/rows.ts";
import { columnSums } from "../../ops/column-sums.ts";
import { addEpsilon } from "../../ops/float-range.ts";
import { tiny } from "../../ops/safe-log.ts";
import {
  atTemperature,
  type CentredSoftmax,
  centredSoftmax,
  softmaxGradient,
} from "../../ops/softmax.ts";
import { centreColumns, rowSum } from "../../ops/sums.ts";

/** Options of {@link distLoss}. */
export interface DistOptions {
  /**
   * Weight ≥ 0 of the inter part, the relations between the classes of a sample; default 1, as in
   * the paper.
   */
  beta?: number | undefined;
  /**
   * Weight ≥ 0 of the intra part, the relations between the samples of a class; default 1, as in
   * the paper.
   */
  gamma?: number | undefined;
  /** T > 0; default 1, as in the paper's ImageNet runs. */
  temperature?: number | undefined;
  /**
   * A constant weight ≥ 0 for each sample, float32 [N], or for each position of logits [N, …, C], float32
   * [N, …], such as a mask of 0 and 1. Means and correlations over samples are weighted. Where it is 0,
   * logits do not count, whatever they hold.
   */
  weights?: tf.Tensor | undefined;
}

/** Keeps the correlation of a constant row finite, as in the authors' code. */
const EPSILON = 1e-8;

/**
 * Distillation from a stronger teacher (DIST): one minus the Pearson correlation of teacher and
 * student, over the classes of each sample (inter) and over the samples of each class (intra).
 * Dimensionless.
 *
 * $$L = T^2 \left[ \frac{\beta}{N} \sum_i (1 - \rho(p_{i\cdot}, q_{i\cdot})) +
 * \frac{\gamma}{C} \sum_c (1 - \rho(p_{\cdot c}, q_{\cdot c})) \right]$$
 *
 * p = softmax(teacher/T), q = softmax(student/T), and ρ(a, b) = ⟨a − ā, b − b̄⟩ / (‖a − ā‖ ‖b −
 * b̄‖ + 1e-8). The intra part compares samples with each other, so the loss of a single sample is
 * not defined: the result is always a scalar.
 *
 * Use when: the teacher is much stronger than the student, so that matching its exact probabilities
 * is out of reach.
 *
 * Usual weight: 1, in addition to cross-entropy of weight 1; β and γ are part of the loss (the
 * paper's total loss).
 *
 * Trainable parts: none.
 *
 * Source: Huang et al., "Knowledge distillation from a stronger teacher", NeurIPS 2022
 * (arXiv 2205.10536), eq. 5–8.
 *
 * @param teacherLogits float32 [N, C], or [N, …, C] for dense outputs and sequences; a constant, no gradient flows into it.
 * @param studentLogits float32, of the same shape.
 * @param options `beta`, `gamma`, `temperature` and `weights`, see {@link DistOptions}.
 * @returns A scalar between 0 and 2 (β + γ) T².
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { distLoss } from "kd-cmi";
 *
 * const teacherLogits = tf.tensor2d([[2, 0, -1], [0, 3, 1]]);
 * const studentLogits = tf.tensor2d([[1, 0, 0], [0, 1, 1]]);
 * const loss = distLoss(teacherLogits, studentLogits, { beta: 2, gamma: 2 });
 * ```
 */
export function distLoss(
  teacherLogits: tf.Tensor,
  studentLogits: tf.Tensor,
  options: DistOptions = {},
): tf.Scalar {
  const fn = "distLoss";
  checkOptions(fn, options, ["beta", "gamma", "temperature", "weights"]);
  const { beta = 1, gamma = 1, temperature = 1, weights } = options;
  const { teacher, student } = checkLogitPair(fn, teacherLogits, studentLogits);
  checkNumber(fn, "beta", beta, { minimum: 0 });
  checkNumber(fn, "gamma", gamma, { minimum: 0 });
  checkTemperature(fn, temperature);
  checkWeights(fn, weights, student);
  const c = columnsOf(student);

  return differentiableRows(
    fn,
    student,
    (logits) => {
      const w = weights && rowWeights(weights, student);
      const softened = (z: tf.Tensor2D): CentredSoftmax =>
        tf.tidy(() => {
          const { p, centred } = centredSoftmax(atTemperature(z, temperature));
          return { p: countedRows(p, w), centred: countedRows(centred, w) };
        });
      const [p, q] = [softened(flatRows(teacher)), softened(logits)];
      const shares = w ? tf.divNoNan(w, tf.sum(w)) : tf.scalar(1 / p.p.shape[0]);
      const isAny = w ? tf.sum(shares) : 1;
      const inter = tf.tidy(() => correlate(p.centred, q.centred, rowSum));
      const intra = tf.tidy(() => {
        const sums = (x: tf.Tensor2D) => columnSums(tf.expandDims(w ? tf.mul(x, w) : x, 0));
        const { rho, slope } = correlate(centredColumns(p, w), centredColumns(q, w), sums);
        return { rho, slope: w ? tf.mul(slope, w) : slope };
      });
      const distance = tf.add(
        tf.mul(tf.sum(tf.mul(tf.sub(1, inter.rho), shares)), beta),
        tf.mul(tf.mul(tf.sub(c, tf.sum(intra.rho)), gamma / c), isAny),
      );
      // dL/dq = −T² [β/N · dρ(rows) + γ/C · dρ(columns)]; then through softmax(z/T), which is /T.
      const slope = tf.tidy(() =>
        tf.add(tf.mul(inter.slope, tf.mul(shares, beta)), tf.mul(intra.slope, gamma / c)),
      );
      const value: tf.Scalar = tf.mul(distance, temperature ** 2);
      return { value, saved: [q.p, slope] };
    },
    (dy, q, slope) => tf.mul(softmaxGradient(q, slope), tf.mul(dy, -temperature)),
  );
}

/**
 * The probabilities minus their means over the samples, weighted if there are weights. Those of a class
 * that is near 1/C in all samples are compared by p − 1/C, which has more digits than p.
 */
function centredColumns({ p, centred }: CentredSoftmax, weights?: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const squares: tf.Tensor3D = tf.expandDims(tf.square(centred), 0);
    const isNear = tf.cast(tf.less(columnSums(squares), 1 / (2 * p.shape[1]) ** 2), "float32");
    // A product of masks, since tf.where tiles a row
    const chosen = tf.add(tf.mul(centred, isNear), tf.mul(p, tf.sub(1, isNear)));
    return centreColumns(chosen as tf.Tensor2D, weights);
  });
}

/**
 * ρ = ⟨a, b⟩ / D along an axis, a and b centred, D = ‖a‖‖b‖ + ε, and its slope
 * dρ/db = a/D − ρ · ‖a‖/D · b/‖b‖. The mean of the slope along the axis is 0. Sums along the axis may be
 * weighted: then the slope is to be multiplied by the weights.
 */
function correlate(a: tf.Tensor2D, b: tf.Tensor2D, sums: (x: tf.Tensor2D) => tf.Tensor2D) {
  const total = (of: () => tf.Tensor2D) => tf.tidy(() => sums(of()));
  const norm = (x: tf.Tensor2D) => tf.sqrt(total(() => tf.square(x)));
  const [normA, normB] = [norm(a), norm(b)];
  const divisor = addEpsilon(tf.mul(normA, normB), EPSILON);
  const rho = tf.div(
    total(() => tf.mul(a, b)),
    divisor,
  );
  const share = tf.div(tf.div(tf.mul(rho, normA), divisor), tf.maximum(normB, tiny()));
  return { rho, slope: tf.sub(tf.div(a, divisor), tf.mul(b, share)) };
}
