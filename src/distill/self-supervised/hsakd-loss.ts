import * as tf from "@tensorflow/tfjs-core";
import {
  checkMatrix,
  checkOptions,
  checkSameShape,
  checkTemperature,
  describeValue,
} from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { softDivergence } from "../../ops/soft-divergence.ts";
import { scaledSum } from "../../ops/sums.ts";
import { pairLayers, sumOverLayers } from "../layer-pairs.ts";

/** Outputs of a network with auxiliary heads for the images of {@link rotateBatch}. */
export interface SelfSupervisedOutputs {
  /** Class logits, float32 [4N, C]. */
  logits: tf.Tensor;
  /** Joint logits of class and rotation of each auxiliary head, float32 [4N, 4C]. */
  heads: readonly tf.Tensor[];
}

/** Options of {@link hsakdLoss}. */
export interface HsakdOptions {
  /** T > 0; default 3, as in the authors' runs. */
  temperature?: number | undefined;
}

/**
 * Hierarchical self-supervised augmented knowledge distillation (HSAKD): matches the teacher's
 * distribution over classes and rotations at every auxiliary head, and over classes at the output.
 * In nats.
 *
 * $$L = \frac{T^2}{4N} \sum_{i=1}^{4N} \left[ \mathrm{KL}(p_i \Vert q_i) +
 * \sum_l \mathrm{KL}(p^{(l)}_i \Vert q^{(l)}_i) \right]$$
 *
 * p and q are the softened probabilities of teacher and student, softmax(·/T). Without an index
 * they are those of the class logits, with index l those of head l. All four rotations of an image
 * are included.
 *
 * Use when: the teacher can be trained with auxiliary heads, and four rotations of each image are
 * affordable.
 *
 * Usual weight: 1, in addition to cross-entropy of weight 1 on the unrotated rows 0, 4, 8, … only
 * (the authors' `train_student_cifar.py`).
 *
 * Trainable parts: the student's auxiliary heads, `selfSupervisedHeads` of `kd-cmi/layers`, or
 * `jointHeads` for features; the teacher needs the same heads, trained beforehand on {@link jointLabels}.
 *
 * Source: Yang et al., "Hierarchical self-supervised augmented knowledge distillation", IJCAI 2021
 * (arXiv 2107.13715), section 3.
 *
 * @param teacher `{logits, heads}`, float32 [4N, C] and a list of [4N, 4C]; constants, no gradient
 * flows into them.
 * @param student `{logits, heads}` of the same shapes and number of heads.
 * @param options `temperature`, see {@link HsakdOptions}.
 * @returns A scalar in nats, at least 0.
 * @throws If a shape, dtype or option is not as described, or if the numbers of heads differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { hsakdLoss } from "kd-cmi";
 *
 * const outputs = () => ({
 *   logits: tf.randomNormal([8, 3]),
 *   heads: [tf.randomNormal([8, 12]), tf.randomNormal([8, 12])],
 * });
 * const loss = hsakdLoss(outputs(), outputs(), { temperature: 3 });
 * ```
 */
export function hsakdLoss(
  teacher: SelfSupervisedOutputs,
  student: SelfSupervisedOutputs,
  options: HsakdOptions = {},
): tf.Scalar {
  checkOptions("hsakdLoss", options, ["temperature"]);
  const { temperature = 3 } = options;
  const fn = "hsakdLoss";
  for (const [name, outputs] of Object.entries({ teacher, student })) {
    if (typeof outputs === "object" && outputs !== null) continue;
    throw new Error(`${fn}: ${name} must be {logits, heads}, got ${describeValue(outputs)}`);
  }
  const logits = checkMatrix(fn, "teacher.logits", teacher.logits);
  const [rows, classes] = logits.shape;
  if (rows % 4 !== 0) {
    throw new Error(
      `${fn}: teacher.logits must be [4·batch,classes], one row per rotation, got [${logits.shape}]`,
    );
  }
  const names = ["teacher.heads", "student.heads"] as const;
  const heads = pairLayers(fn, names, teacher.heads, student.heads, (name, x) => {
    const head = checkMatrix(fn, name, x, "4·classes");
    if (head.shape[0] === rows && head.shape[1] === 4 * classes) return head;
    const expected = `[${rows},${4 * classes}] as teacher.logits are [${rows},${classes}]`;
    throw new Error(`${fn}: ${name} must be ${expected}, got [${head.shape}]`);
  });
  const own = checkSameShape(fn, "student.logits", student.logits, "teacher.logits", logits);
  checkTemperature(fn, temperature);

  return sumOverLayers(fn, [{ teacher: logits, student: own }, ...heads], (teacher, student) =>
    scalarLoss(
      fn,
      [student],
      (z) => {
        const { losses, slopes } = softDivergence(teacher, z, temperature);
        return { value: scaledSum(losses, 1 / rows), saved: [slopes] };
      },
      (slopes) => [tf.mul(slopes, 1 / rows)],
    ),
  );
}
