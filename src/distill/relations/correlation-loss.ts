import * as tf from "@tensorflow/tfjs-core";
import { checkFeatures, checkSameShape } from "../../internal/checks.ts";
import { differentiable } from "../../internal/differentiable.ts";
import { sign } from "../../ops/sign.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import { scaledSum } from "../../ops/sums.ts";
import { toRows } from "./gram.ts";

/**
 * Correlation congruence (CC), as in RepDistiller: penalises correlated teacher–student differences
 * of consecutive samples. In squared units of the features.
 *
 * $$L = \frac{1}{N-1} \sum_{i=1}^{N-1} \sum_d \delta_{id}\, \delta_{i+1,d}, \qquad
 * \delta = \lvert F^{student} - F^{teacher} \rvert$$
 *
 * The loss depends on the order of the samples and is 0 if every second sample matches, so shuffle
 * the batches. A batch of 1 has no pair and gives 0.
 *
 * Use when: you repeat RepDistiller's benchmark. Its form compares each sample with the next one of the
 * batch only.
 *
 * Usual weight: 0.02 (RepDistiller, `run_cifar_distill.sh`).
 *
 * Trainable parts: none if the widths are equal; otherwise a linear projection of the student's
 * embedding to the teacher's width, `linearEmbedding` of `kd-cmi/layers`.
 *
 * Source: Peng et al., "Correlation congruence for knowledge distillation", ICCV 2019
 * (arXiv 1904.01802); the form is that of RepDistiller, which obtained it from the authors.
 *
 * @param teacherFeatures float32 [N, …], usually an embedding [N, D]; a constant, no gradient flows
 * into it.
 * @param studentFeatures float32 of the same shape.
 * @returns A scalar of at least 0.
 * @throws If a shape or dtype is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { correlationLoss } from "kd-cmi";
 *
 * const teacherFeatures = tf.randomNormal([8, 128]);
 * const studentFeatures = tf.randomNormal([8, 128]);
 * const loss = correlationLoss(teacherFeatures, studentFeatures);
 * ```
 */
export function correlationLoss(teacherFeatures: tf.Tensor, studentFeatures: tf.Tensor): tf.Scalar {
  const teacher = checkFeatures("correlationLoss", "teacherFeatures", teacherFeatures);
  const student = checkSameShape(
    "correlationLoss",
    "studentFeatures",
    studentFeatures,
    "teacherFeatures",
    teacher,
  );
  const perPair = 1 / Math.max(teacher.shape[0]! - 1, 1);

  // dL/dδ_i = (δ_{i−1} + δ_{i+1})/(N−1), and dδ/dF = sign(F^student − F^teacher).
  return differentiable(
    "correlationLoss",
    [student],
    (x) => {
      const difference = toRows(tf.sub(x, teacher));
      const value = tf.tidy((): tf.Scalar => {
        const delta = tf.abs(difference);
        return scaledSum(tf.mul(delta, neighbours(delta, "before")), perPair);
      });
      return { value, saved: [difference] };
    },
    (dy, difference) => {
      const both = tf.tidy(() => {
        const delta = tf.abs(difference);
        return tf.add(neighbours(delta, "before"), neighbours(delta, "after"));
      });
      const slope = tf.mul(tf.mul(both, sign(difference)), tf.mul(dy, perPair));
      return [tf.reshape(slope, teacher.shape)];
    },
  );
}

/** Replaces each row by the row before or after it, or by zeros if there is none. */
function neighbours(x: tf.Tensor2D, side: "before" | "after"): tf.Tensor2D {
  const rows = x.shape[0] - 1;
  if (rows === 0) return tf.zerosLike(x);
  return tf.tidy(() => {
    const kept = sliceRows(x, side === "before" ? 0 : 1, rows);
    return tf.pad(kept, [side === "before" ? [1, 0] : [0, 1], [0, 0]]);
  });
}
