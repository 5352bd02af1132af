import type * as tf from "@tensorflow/tfjs-core";
import { checkNumber } from "../../internal/checks.ts";

interface WithRate {
  learningRate?: unknown;
  setLearningRate?: (learningRate: number) => void;
}

/** The learning rate of an optimizer of tfjs. */
export function learningRateOf(fn: string, optimizer: tf.Optimizer): number {
  const { learningRate } = optimizer as unknown as WithRate;
  if (typeof learningRate === "number") return learningRate;
  const got = `${optimizer.getClassName()} without one`;
  throw new Error(`${fn}: optimizer must have a number as its learningRate, got ${got}`);
}

/**
 * Changes the learning rate of an optimizer: what {@link LearningRateScheduler} does in `model.fit`,
 * for a training loop of your own. tfjs has a method for it in SGD and Momentum only.
 *
 * @param optimizer Any optimizer of `tf.train`.
 * @param learningRate At least 0; holds from the next step on.
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

/** The same, unchecked. */
export function assignLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  const open = optimizer as unknown as WithRate;
  if (open.setLearningRate) open.setLearningRate(learningRate);
  else open.learningRate = learningRate;
}
