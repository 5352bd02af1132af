import * as tf from "@tensorflow/tfjs-core";
import { CmiEstimator, mcmiLoss } from "kd-cmi";
import { toLabels } from "../data/images.ts";
import type { FineTuning } from "./plan.ts";
import { classesOf, epochBatches, estimate, type Training, train } from "./training.ts";

/** Terms of a teacher's loss in addition to cross-entropy, all 0 by default. */
export interface Regularizer {
  /** Weight of the CMI, which is maximised. */
  lambda?: number;
  /** Share of the target that is spread over all classes. */
  labelSmoothing?: number;
  /** Weight of the entropy of the output, which is maximised (Pereyra et al., 2017). */
  entropy?: number;
}

/**
 * Minimises cross-entropy − λ · CMI − entropy · H. The centroids are estimated on the training images
 * before each epoch, or fixed before the first one.
 */
export async function fitTeacher(
  training: Training,
  { regularizer, centroids: source }: Pick<FineTuning, "regularizer" | "centroids">,
  onEpoch: (epoch: number) => void | Promise<void>,
): Promise<void> {
  const { lambda = 0, labelSmoothing = 0, entropy = 0 } = regularizer;
  const { model, images, schedule } = training;
  const count = classesOf(model);
  const centroids = tf.tidy(() => tf.variable(tf.fill([count, count], 1 / count)));
  const loss = (logits: tf.Tensor2D, places: readonly number[]) => {
    const labels = toLabels(images, places);
    const fit = mcmiLoss(labels, logits, centroids, { lambda, labelSmoothing });
    if (entropy === 0) return fit;
    return tf.sub(fit, tf.mul(meanEntropy(logits), entropy)) as tf.Scalar;
  };
  await train(training, loss, async (epoch) => {
    if (lambda > 0 && (source === "fixed" ? epoch === 0 : epoch < schedule.epochs)) {
      const report = await (source === "fixed"
        ? estimateOnBatches(training)
        : estimate(model, images));
      tf.tidy(() => centroids.assign(tf.tensor2d(report.centroids)));
    }
    await onEpoch(epoch);
  });
  centroids.dispose();
}

/**
 * The report of one pass as in the authors' code: over augmented batches, in training mode, so with the
 * batches' own statistics in batch normalisation.
 */
async function estimateOnBatches(training: Training) {
  const { model, images, order } = training;
  const estimator = new CmiEstimator({ numClasses: classesOf(model) });
  for (const { places, inputs } of epochBatches(training, `${order}, centroids`)) {
    let counted = Promise.resolve();
    tf.tidy(() => {
      const logits = model.apply(inputs(), { training: true }) as tf.Tensor2D;
      counted = estimator.update(toLabels(images, places), logits);
    });
    await counted;
  }
  return estimator.result();
}

function meanEntropy(logits: tf.Tensor2D): tf.Scalar {
  const products = tf.mul(tf.softmax(logits), tf.logSoftmax(logits));
  return tf.neg(tf.mean(tf.sum(products, 1))) as tf.Scalar;
}
