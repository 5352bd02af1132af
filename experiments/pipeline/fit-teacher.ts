import * as tf from "@tensorflow/tfjs-core";
import { mcmiLoss } from "kd-cmi";
import { toLabels } from "../data/images.ts";
import { classesOf, estimate, type Training, train } from "./training.ts";

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
 * before each epoch.
 */
export async function fitTeacher(
  training: Training,
  { lambda = 0, labelSmoothing = 0, entropy = 0 }: Regularizer,
  onEpoch: (epoch: number) => void | Promise<void>,
): Promise<void> {
  const { model, images, schedule } = training;
  const count = classesOf(model);
  const centroids = tf.variable(tf.fill([count, count], 1 / count));
  const loss = (logits: tf.Tensor2D, places: readonly number[]) => {
    const labels = toLabels(images, places);
    const fit = mcmiLoss(labels, logits, centroids, { lambda, labelSmoothing });
    if (entropy === 0) return fit;
    return tf.sub(fit, tf.mul(meanEntropy(logits), entropy)) as tf.Scalar;
  };
  await train(training, loss, async (epoch) => {
    if (lambda > 0 && epoch < schedule.epochs) {
      const report = await estimate(model, images);
      tf.tidy(() => centroids.assign(tf.tensor2d(report.centroids)));
    }
    await onEpoch(epoch);
  });
  centroids.dispose();
}

function meanEntropy(logits: tf.Tensor2D): tf.Scalar {
  const products = tf.mul(tf.softmax(logits), tf.logSoftmax(logits));
  return tf.neg(tf.mean(tf.sum(products, 1))) as tf.Scalar;
}
