import * as tf from "@tensorflow/tfjs-core";

export interface Schedule {
  epochs: number;
  batchSize: number;
  /** The largest of all steps; with Adam it falls to 0 along half a cosine. */
  learningRate: number;
  /** Share of the steps in which the learning rate rises from 0, beside its fall; default 0. */
  warmUp?: number;
  /** Without, Adam. */
  sgd?: Sgd;
  /** Whether images are moved and mirrored anew each epoch, as is usual on CIFAR. */
  augment?: boolean;
}

export interface Sgd {
  momentum: number;
  /** w · weightDecay is added to the gradient of w. */
  weightDecay: number;
  /** Epochs after which the learning rate is divided by 10; without, it falls to 0 along half a cosine. */
  milestones?: readonly number[];
}

export function createOptimizer({ learningRate, sgd }: Schedule): tf.Optimizer {
  if (!sgd) return tf.train.adam(learningRate);
  return withWeightDecay(tf.train.momentum(learningRate, sgd.momentum), sgd.weightDecay);
}

/** The learning rate after a share of the training, 0–1. */
export function learningRateAt(schedule: Schedule, done: number): number {
  const { learningRate, warmUp = 0, epochs, sgd } = schedule;
  const start = done < warmUp ? done / warmUp : 1;
  if (!sgd?.milestones) return (start * learningRate * (1 + Math.cos(Math.PI * done))) / 2;
  const falls = sgd.milestones.filter((epoch) => done * epochs >= epoch).length;
  return start * learningRate * 0.1 ** falls;
}

/** The optimizer, with the gradient of decay/2 · ‖w‖² added to that of each variable w. */
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
