import * as tf from "@tensorflow/tfjs-core";
import { kdLoss, mcmiLoss } from "kd-cmi";
import { type NetworkName, networks } from "./networks.ts";

export const STEP_LOSSES = ["CE", "MCMI", "KD"] as const;
export type StepLoss = (typeof STEP_LOSSES)[number];

/**
 * A training step with momentum on one batch of noise: forward pass, loss, gradient and update. KD
 * includes the forward pass of a teacher with the same network.
 *
 * @returns The trained model, and a function that takes a step and waits for its loss.
 */
export function trainingStep(network: NetworkName, loss: StepLoss, batch: number) {
  const { build, inputShape, numClasses } = networks[network];
  const model = build();
  const teacher = build();
  const images: tf.Tensor = tf.randomNormal([batch, ...inputShape], 0, 1, "float32", 1);
  const indices = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % numClasses),
    "int32",
  );
  const labels = tf.oneHot(indices, numClasses) as tf.Tensor2D;
  const centroids: tf.Tensor2D = tf.softmax(
    tf.randomNormal([numClasses, numClasses], 0, 1, "float32", 2),
  );
  const optimizer = tf.train.momentum(0.01, 0.9);
  const logits = (of: typeof model, training: boolean) =>
    of.apply(images, { training }) as tf.Tensor2D;
  const losses = {
    CE: () => tf.losses.softmaxCrossEntropy(labels, logits(model, true)) as tf.Scalar,
    MCMI: () => mcmiLoss(indices, logits(model, true), centroids, { lambda: 0.1 }),
    KD: () => kdLoss(logits(teacher, false), logits(model, true)),
  };
  const step = async () => {
    const value = optimizer.minimize(losses[loss], true)!;
    await value.data();
    value.dispose();
  };
  return { model, step };
}
