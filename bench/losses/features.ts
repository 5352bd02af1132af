import * as tf from "@tensorflow/tfjs-core";
import {
  activationBoundaryLoss,
  attentionTransferLoss,
  channelWiseLoss,
  factorTransferLoss,
  fspLoss,
  hierarchicalContextLoss,
  hintLoss,
  nstLoss,
  overhaulLoss,
  vidLoss,
} from "kd-cmi";
import { type Comparisons, meanSquaredError, normal, ofPair, unit } from "./comparison.ts";

const [BATCH, SIZE, CHANNELS] = [64, 8, 64];

const maps = (seed: number) => normal(seed, BATCH, SIZE, SIZE, CHANNELS);

export const features: Comparisons = {
  attentionTransferLoss: () =>
    ofPair(maps(1), maps(2), attentionTransferLoss, (t, s) =>
      meanSquaredError(attention(s), attention(t)),
    ),

  hintLoss: () => ofPair(maps(1), maps(2), hintLoss, meanSquaredError),

  factorTransferLoss: () =>
    ofPair(maps(1), maps(2), factorTransferLoss, (t, s) =>
      tf.mean(tf.abs(tf.sub(attention(s), attention(t)))),
    ),

  channelWiseLoss: () => ofPair(maps(1), maps(2), channelWiseLoss, channelWise),

  overhaulLoss() {
    const margin = tf.fill([CHANNELS], -0.5);
    return ofPair(
      maps(1),
      maps(2),
      (t, s) => overhaulLoss(t, s, margin),
      (t, s) => overhaul(t, s, margin),
    );
  },

  nstLoss: () => ofPair(maps(1), maps(2), nstLoss, selectivity),

  fspLoss() {
    // The previous layer has twice the size and half the channels, as at the end of a stage.
    const before = (seed: number) => normal(seed, BATCH, 2 * SIZE, 2 * SIZE, CHANNELS / 2);
    const teacher = [before(1), maps(2)];
    const flow = (lower: tf.Tensor, upper: tf.Tensor) => {
      const pooled = positions(tf.avgPool(lower as tf.Tensor4D, 2, 2, "valid"));
      return tf.div(tf.matMul(pooled, positions(upper), true), SIZE ** 2);
    };
    return {
      students: [before(3), maps(4)],
      ours: (...student) => fspLoss(teacher, student),
      composition: (lower, upper) =>
        meanSquaredError(flow(lower, upper), flow(teacher[0]!, teacher[1]!)),
    };
  },

  activationBoundaryLoss: () =>
    ofPair(maps(1), maps(2), activationBoundaryLoss, (t, s) => {
      const side = tf.sub(tf.mul(tf.step(t), 2), 1);
      const violation = tf.relu(tf.sub(1, tf.mul(side, s)));
      return tf.mul(tf.sum(tf.square(violation)), 0.003 / BATCH);
    }),

  vidLoss() {
    const teacher = maps(1);
    return {
      students: [maps(2), normal(3, CHANNELS)],
      ours: (means, logScale) => vidLoss(teacher, means, logScale),
      composition(means, logScale) {
        const variance = tf.add(tf.softplus(logScale), 1e-5);
        const error = tf.div(tf.squaredDifference(means, teacher), variance);
        return tf.mul(tf.mean(tf.add(error, tf.log(variance))), 0.5);
      },
    };
  },

  hierarchicalContextLoss: () => ofPair(maps(1), maps(2), hierarchicalContextLoss, hierarchical),
};

/** [N, H, W, C] → [N, H·W, C]. */
const positions = (x: tf.Tensor): tf.Tensor3D =>
  tf.reshape(x, [x.shape[0]!, -1, x.shape[3]!]) as tf.Tensor3D;

const attention = (x: tf.Tensor) =>
  unit(tf.reshape(tf.mean(tf.square(x), 3), [x.shape[0]!, -1]), 1);

function selectivity(teacher: tf.Tensor, student: tf.Tensor) {
  const [t, s] = [unit(positions(teacher), 1), unit(positions(student), 1)];
  const kernel = (a: tf.Tensor, b: tf.Tensor) => tf.mean(tf.square(tf.matMul(a, b, true)));
  return tf.sub(tf.add(kernel(t, t), kernel(s, s)), tf.mul(kernel(s, t), 2));
}

function hierarchical(teacher: tf.Tensor, student: tf.Tensor) {
  const errors = [1, 2, 4, 8].map((window, level) => {
    const pool = (x: tf.Tensor) =>
      window === 1 ? x : tf.avgPool(x as tf.Tensor4D, window, window, "valid");
    return tf.mul(meanSquaredError(pool(student), pool(teacher)), 2 ** -level);
  });
  return tf.div(tf.addN(errors), 1.875);
}

function channelWise(teacher: tf.Tensor, student: tf.Tensor): tf.Tensor {
  const rows = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [BATCH, SIZE * SIZE, CHANNELS]), [0, 2, 1]);
  const [logP, logQ] = [tf.logSoftmax(rows(teacher)), tf.logSoftmax(rows(student))];
  return tf.mean(tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 2));
}

function overhaul(teacher: tf.Tensor, student: tf.Tensor, margin: tf.Tensor): tf.Tensor {
  const target = tf.maximum(teacher, margin);
  const isActive = tf.step(tf.maximum(tf.sub(student, target), teacher));
  return tf.div(tf.sum(tf.mul(tf.squaredDifference(student, target), isActive)), BATCH);
}
