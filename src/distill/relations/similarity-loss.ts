import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkSameBatch } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { gram } from "../../ops/row-products.ts";
import { rowSum, sumAll } from "../../ops/sums.ts";
import { type LayerFeatures, pairLayers, sumOverLayers } from "../layer-pairs.ts";
import { gramGradient, toRows } from "./gram.ts";

/** A row of the Gram matrix that is not longer counts as zeros: the field's smallest divisor. */
const EPSILON = 1e-12;

/**
 * SP, similarity-preserving distillation: samples that are alike for the teacher shall be alike for
 * the student. Compares the normalised Gram matrices of the batch; without unit.
 *
 * $$L = \frac{1}{N^2} \lVert \tilde G^{teacher} - \tilde G^{student} \rVert_F^2, \qquad
 * \tilde G_{i\cdot} = G_{i\cdot} / \max(\lVert G_{i\cdot} \rVert_2, 10^{-12}), \; G = F F^\top$$
 *
 * F holds the features of a sample as a row. Channels, spatial sizes and ranks of the two may
 * differ: no layer of either is adapted. With lists the loss is the sum over the layers. The
 * student's rows that are zero get no gradient.
 *
 * Usual weight: 3000 (RepDistiller, `run_cifar_distill.sh`).
 *
 * Trainable parts: none.
 *
 * Source: Tung, Mori, "Similarity-preserving knowledge distillation", ICCV 2019 (arXiv 1907.09682),
 * section 3; the smallest divisor is that of RepDistiller.
 *
 * @param teacherFeatures float32 [N, …] of any rank from 2, or a list of them; constants, no
 * gradient flows into them.
 * @param studentFeatures float32 [N, …], or a list as long as the teacher's.
 * @returns A scalar of at least 0; at most 4/N for each layer.
 * @throws If a shape or dtype is not as described, if the batches differ, or if one of the two is a
 * list and the other not, or their lengths differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { similarityLoss } from "kd-cmi";
 *
 * const teacherFeatures = tf.randomNormal([8, 4, 4, 32]);
 * const studentFeatures = tf.randomNormal([8, 4, 4, 16]);
 * const loss = similarityLoss(teacherFeatures, studentFeatures);
 * ```
 */
export function similarityLoss(
  teacherFeatures: LayerFeatures,
  studentFeatures: LayerFeatures,
): tf.Scalar {
  const names = ["teacherFeatures", "studentFeatures"] as const;
  const pairs = pairLayers("similarityLoss", names, teacherFeatures, studentFeatures, (name, x) =>
    checkFeatures("similarityLoss", name, x),
  );
  for (const { teacher, student, teacherName, studentName } of pairs) {
    checkSameBatch("similarityLoss", studentName, student, teacherName, teacher);
  }

  // With A = G/n by rows and R = A − A^teacher: dA = 2R/N², dG = (dA − A Σ_j dA_j A_j)/n.
  return sumOverLayers("similarityLoss", pairs, (teacher, student) => {
    const perEntry = 1 / student.shape[0]! ** 2;
    return scalarLoss(
      "similarityLoss",
      [student],
      (x) => {
        const own = normalizedGram(x);
        const difference = tf.sub(own.rows, normalizedGram(teacher).rows);
        const value: tf.Scalar = tf.mul(sumAll(tf.square(difference)), perEntry);
        return { value, saved: [difference, own.rows, own.inverse, toRows(x)] };
      },
      (difference, rows, inverse, features) => {
        const slope = tf.mul(difference, 2 * perEntry);
        const along = tf.mul(rows, rowSum(tf.mul(slope, rows)));
        const dG: tf.Tensor2D = tf.mul(tf.sub(slope, along), inverse);
        return [tf.reshape(gramGradient(dG, features), student.shape)];
      },
    );
  });
}

/** Rows of the Gram matrix at length 1, and what they were multiplied by: 0 for a row of zeros. */
function normalizedGram(features: tf.Tensor) {
  const g = gram(toRows(features));
  const length = tf.sqrt(rowSum(tf.square(g)));
  const inverse = tf.div(tf.step(tf.sub(length, EPSILON)), tf.maximum(length, EPSILON));
  return { rows: tf.mul(g, inverse) as tf.Tensor2D, inverse };
}
