import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkSameBatch } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { fitGradient, fitRange } from "../../ops/fit-range.ts";
import { gram } from "../../ops/row-products.ts";
import { scaledSum } from "../../ops/sums.ts";
import { type LayerFeatures, pairLayers, sumOverLayers } from "../layer-pairs.ts";
import { unitVectors, unitVectorsGradient } from "../unit-vectors.ts";
import { gramGradient, spread, toRows } from "./gram.ts";

/**
 * Similarity-preserving distillation (SP): preserves the teacher's pairwise similarities by
 * matching the normalised Gram matrices of the batch. Dimensionless.
 *
 * $$L = \frac{1}{N^2} \lVert \tilde G^{teacher} - \tilde G^{student} \rVert_F^2, \qquad
 * \tilde G_{i\cdot} = G_{i\cdot} / \max(\lVert G_{i\cdot} \rVert_2, 10^{-12}), \; G = F F^\top$$
 *
 * Each row of F holds the features of a sample. Channels, spatial sizes and ranks of the two may
 * differ, and no layer is adapted. For lists, the loss is the sum over layers. The row of a
 * sample of zeros counts as a constant.
 *
 * Use when: the features differ in every dimension but the batch, and no part should be trained for
 * them.
 *
 * Usual weight: 3000 (RepDistiller, `run_cifar_distill.sh`).
 *
 * Trainable parts: none.
 *
 * Source: Tung, Mori, "Similarity-preserving knowledge distillation", ICCV 2019 (arXiv 1907.09682),
 * section 3; the smallest divisor follows RepDistiller.
 *
 * @param teacherFeatures float32 [N, …] of rank 2 or more, or a list of such, one per layer;
 * constants, no gradient flows into them.
 * @param studentFeatures float32 [N, …], or a list of the same length.
 * @returns A scalar of at least 0; at most 4/N for each layer.
 * @throws If a shape or dtype is not as described, if the batches differ, if only one of the two is
 * a list, or if their lengths differ.
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
        const difference = tf.sub(own.unit, normalizedGram(teacher).unit);
        const value = scaledSum(tf.square(difference), perEntry);
        return { value, saved: [difference, own.unit, own.norm, own.rows, ...own.largest] };
      },
      (difference, unit, norm, features, ...largest) => {
        const g: tf.Tensor2D = tf.mul(difference, 2 * perEntry);
        const isNonzero = tf.step(tf.max(tf.abs(features), 1, true));
        const dG: tf.Tensor2D = tf.mul(unitVectorsGradient({ unit, norm }, g, 1), isNonzero);
        const slope = fitGradient(gramGradient(dG, features), largest, spread(features));
        return [tf.reshape(slope, student.shape)];
      },
    );
  });
}

/** Rows of the Gram matrix, each divided by its norm. They do not depend on the scale of x. */
function normalizedGram(x: tf.Tensor) {
  const features = toRows(x);
  const { scaled: rows, largest } = fitRange(features, undefined, spread(features));
  return { ...unitVectors(gram(rows), 1), rows, largest };
}
