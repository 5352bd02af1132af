import type * as tf from "@tensorflow/tfjs-core";
import { checkNumber, describeValue } from "../../internal/checks.ts";

/** The learning rate of an optimizer of tfjs. */
export function learningRateOf(fn: string, optimizer: tf.Optimizer): number {
  if (typeof optimizer !== "object" || optimizer === null) {
    throw new Error(`${fn}: optimizer must be a tf.Optimizer, got ${describeValue(optimizer)}`);
  }
  if ("learningRate" in optimizer && typeof optimizer.learningRate === "number") {
    return optimizer.learningRate;
  }
  const got = `${optimizer.getClassName()} without one`;
  throw new Error(`${fn}: optimizer must have a number as its learningRate, got ${got}`);
}

/**
 * Sets the learning rate of an optimizer in a custom training loop. In `model.fit`,
 * {@link LearningRateScheduler} does this. tfjs has a method for it only in SGD and Momentum.
 *
 * @param optimizer Any optimizer of `tf.train`.
 * @param learningRate At least 0; applies from the next step.
 * @throws If the optimizer has no learning rate, or if the rate is negative or not finite.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { cosineSchedule, setLearningRate } from "kd-cmi/layers";
 *
 * const schedule = cosineSchedule({ initial: 0.05, epochs: 10 });
 * const weight = tf.variable(tf.scalar(1));
 * const optimizer = tf.train.adam(schedule(0));
 * for (let step = 0; step < 40; step++) {
 *   setLearningRate(optimizer, schedule(step / 4)); // 4 steps an epoch
 *   optimizer.minimize(() => tf.square(weight), false, [weight]);
 * }
 * ```
 */
export function setLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  learningRateOf("setLearningRate", optimizer);
  checkNumber("setLearningRate", "learningRate", learningRate, { minimum: 0 });
  assignLearningRate(optimizer, learningRate);
}

/** {@link setLearningRate} without checks. */
export function assignLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  if ("setLearningRate" in optimizer && typeof optimizer.setLearningRate === "function") {
    optimizer.setLearningRate(learningRate);
  } else {
    Object.assign(optimizer, { learningRate });
  }
}
