import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkSameBatch } from "../../internal/checks.ts";
import { differentiable } from "../../internal/differentiable.ts";
import { fitGradient, fitRange } from "../../ops/fit-range.ts";
import { addEpsilon, atLeastNormal } from "../../ops/float-range.ts";
import { safeLog, tiny } from "../../ops/safe-log.ts";
import { squaredSums } from "../../ops/squared-distances.ts";
import { rowSum, scaledSum } from "../../ops/sums.ts";
import { gramGradient, spread, toRows } from "./gram.ts";

/** Keeps quotients and logarithms finite, as in the authors' code. */
const EPSILON = 1e-7;

/**
 * Probabilistic knowledge transfer (PKT): the Kullback–Leibler divergence KL(teacher ‖ student) of
 * similarity distributions, in nats, divided by N². The distribution of a sample is its normalised
 * cosine similarity to all samples of the batch.
 *
 * $$L = \frac{1}{N^2} \sum_{ij} p_{ij} \log \frac{p_{ij} + 10^{-7}}{q_{ij} + 10^{-7}}, \qquad
 * q_{ij} = \frac{1 + \cos(f_i, f_j)}{\sum_k 1 + \cos(f_i, f_k)}$$
 *
 * p is the distribution of the teacher and q that of the student. f are the features of a sample;
 * 1e-7 is added to their norm. The widths of the two may differ. A sample of zeros has cosine 0
 * with all samples and gets no gradient.
 *
 * Use when: the embeddings differ in width and the neighbourhoods of samples matter, as in
 * retrieval.
 *
 * Usual weight: 30000 (RepDistiller, `run_cifar_distill.sh`).
 *
 * Trainable parts: none.
 *
 * Source: Passalis, Tefas, "Learning deep representations with probabilistic knowledge transfer",
 * ECCV 2018 (arXiv 1803.10837), section 3, with the cosine kernel; mean and 1e-7 follow the
 * authors' code.
 *
 * @param teacherFeatures float32 [N, …], usually an embedding [N, D]; a constant, no gradient flows
 * into it.
 * @param studentFeatures float32 [N, …].
 * @returns A scalar, 0 for equal similarities.
 * @throws If a shape or dtype is not as described, or if the batches differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { pktLoss } from "kd-cmi";
 *
 * const teacherFeatures = tf.randomNormal([8, 128]);
 * const studentFeatures = tf.randomNormal([8, 64]);
 * const loss = pktLoss(teacherFeatures, studentFeatures);
 * ```
 */
export function pktLoss(teacherFeatures: tf.Tensor, studentFeatures: tf.Tensor): tf.Scalar {
  const teacher = checkFeatures("pktLoss", "teacherFeatures", teacherFeatures);
  const student = checkFeatures("pktLoss", "studentFeatures", studentFeatures);
  checkSameBatch("pktLoss", "studentFeatures", student, "teacherFeatures", teacher);
  const scale = 1 / teacher.shape[0]! ** 2;

  // With u = f/(|f| + ε), S = U Uᵀ, q = (1 + S)/R by rows and g = −p/(q + ε):
  // dS = (g − Σ_j g_j q_j)/R, dU = (dS + dSᵀ) U, df = dU/(|f| + ε) − u ⟨dU, u⟩/|f|.
  return differentiable(
    "pktLoss",
    [student],
    (x) => {
      const target = similarities(teacher);
      const own = similarities(x);
      const [p, q] = [addEpsilon(target.q, EPSILON), addEpsilon(own.q, EPSILON)];
      const value = scaledSum(tf.mul(target.q, safeLog(tf.div(p, q))), scale);
      return { value, saved: [target.q, own.q, own.rowSums, own.unit, own.length, ...own.largest] };
    },
    (dy, p, q, rowSums, unit, length, ...largest) => {
      const g = tf.neg(tf.div(p, addEpsilon(q, EPSILON)));
      const dS: tf.Tensor2D = tf.div(tf.sub(g, rowSum(tf.mul(g, q))), rowSums);
      const dU = gramGradient(dS, unit);
      const along = tf.div(rowSum(tf.mul(dU, unit)), tf.maximum(length, tiny()));
      const slope = tf.sub(tf.div(dU, addEpsilon(length, EPSILON)), tf.mul(unit, along));
      const perLoss = tf.mul(tf.mul(slope, tf.step(length)), tf.mul(dy, scale));
      return [tf.reshape(fitGradient(perLoss as tf.Tensor, largest, spread(unit)), student.shape)];
    },
  );
}

/**
 * Rows of 1 + cosine, each divided by its sum, and what the gradient needs. With u = f/(|f| + ε),
 * 1 + ⟨u, v⟩ = (|u + v|² + (1 − |u|²) + (1 − |v|²))/2, which does not cancel for opposite samples, and
 * 1 − |u|² = ε (2|f| + ε)/(|f| + ε)².
 */
function similarities(features: tf.Tensor) {
  const raw = toRows(features);
  const { scaled: rows, largest } = fitRange(raw, [1], spread(raw));
  const length = tf.sqrt(rowSum(tf.square(rows)));
  const epsilon = atLeastNormal(EPSILON);
  const divisor = tf.add(length, epsilon);
  const unit: tf.Tensor2D = tf.div(rows, divisor);
  const gap = tf.mul(tf.div(epsilon, divisor), tf.div(tf.add(length, divisor), divisor));
  const gaps = tf.add(gap, tf.transpose(gap));
  const shifted = tf.mul(tf.add(squaredSums(unit), gaps), 0.5);
  const rowSums = rowSum(shifted);
  return { q: tf.div(shifted, rowSums), rowSums, unit, length, largest };
}
