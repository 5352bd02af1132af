import * as tf from "@tensorflow/tfjs-core";
import { cosineSchedule, stepSchedule } from "kd-cmi/layers";

export interface Schedule {
  epochs: number;
  batchSize: number;
  /** The highest rate. Without milestones it falls to 0 along half a cosine. */
  learningRate: number;
  /** Share of the steps in which a factor rises from 0 to 1 in addition; default 0. */
  warmUp?: number;
  /** Momentum SGD; Adam by default. */
  sgd?: Sgd;
  /** Whether images are shifted and flipped anew in each epoch, as is usual on CIFAR. */
  augment?: boolean;
}

export interface Sgd {
  momentum: number;
  /** weightDecay · w is added to the gradient of w. */
  weightDecay: number;
  /** Epochs after which the learning rate is divided by 10; a cosine by default. */
  milestones?: readonly number[];
}

export function createOptimizer({ learningRate, sgd }: Schedule): tf.Optimizer {
  if (!sgd) return tf.train.adam(learningRate);
  return withWeightDecay(tf.train.momentum(learningRate, sgd.momentum), sgd.weightDecay);
}

/** The learning rate after a share of the training, within 0–1. */
export function learningRateAt(schedule: Schedule, done: number): number {
  const { learningRate, warmUp = 0, epochs, sgd } = schedule;
  const initial = (done < warmUp ? done / warmUp : 1) * learningRate;
  return sgd?.milestones
    ? stepSchedule({ initial, milestones: sgd.milestones })(done * epochs)
    : cosineSchedule({ initial, epochs: 1 })(done);
}

/** Adds the gradient of decay/2 · ‖w‖² to the gradient of each variable w. */
function withWeightDecay(optimizer: tf.MomentumOptimizer, decay: number): tf.Optimizer {
  const apply = optimizer.applyGradients.bind(optimizer);
  optimizer.applyGradients = (gradients) => {
    const named = Array.isArray(gradients)
      ? Object.fromEntries(gradients.map(({ name, tensor }) => [name, tensor]))
      : (gradients as tf.NamedTensorMap);
    tf.tidy(() => {
      const decayed = Object.entries(named).map(([name, gradient]) => {
        const variable = tf.engine().registeredVariables[name]!;
        return [name, tf.add(gradient, tf.mul(variable, decay))];
      });
      apply(Object.fromEntries(decayed));
    });
  };
  return optimizer;
}
