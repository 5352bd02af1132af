import * as tf from "@tensorflow/tfjs-core";
import { binaryKdLoss, distLoss, dkdLoss, hsakdLoss, kdLoss } from "kd-cmi";
import { type Comparisons, normal, ofPair, sumOfSquares } from "./comparison.ts";

const CLASSES = 100;

/** Losses of logits [batch, 100]. */
export const logits = (batch: number): Comparisons => ({
  kdLoss: () => ofPair(normal(1, batch, CLASSES), normal(2, batch, CLASSES), kdLoss, softened(4)),

  binaryKdLoss: () =>
    ofPair(normal(1, batch, CLASSES), normal(2, batch, CLASSES), binaryKdLoss, bernoulli),

  dkdLoss() {
    const labels = tf.tensor1d(
      Array.from({ length: batch }, (_, i) => i % CLASSES),
      "int32",
    );
    const ours = (t: tf.Tensor, s: tf.Tensor) => dkdLoss(labels, t, s);
    const composition = (t: tf.Tensor, s: tf.Tensor) => decoupled(labels, t, s);
    return ofPair(normal(1, batch, CLASSES), normal(2, batch, CLASSES), ours, composition);
  },

  distLoss: () =>
    ofPair(normal(1, batch, CLASSES), normal(2, batch, CLASSES), distLoss, correlated),

  hsakdLoss() {
    const [logits, ...heads] = outputs(1, batch);
    return {
      students: outputs(5, batch),
      ours: (own, ...ownHeads) =>
        hsakdLoss({ logits: logits!, heads }, { logits: own, heads: ownHeads }),
      composition: (...own) =>
        tf.addN([logits!, ...heads].map((teacher, i) => softened(3)(teacher, own[i]!))),
    };
  },
});

/** Class logits and three heads of all rotations of a batch. */
function outputs(seed: number, batch: number): tf.Tensor[] {
  const heads = [1, 2, 3].map((head) => normal(seed + head, 4 * batch, 4 * CLASSES));
  return [normal(seed, 4 * batch, CLASSES), ...heads];
}

const softened = (temperature: number) => (teacher: tf.Tensor, student: tf.Tensor) => {
  const logP = tf.logSoftmax(tf.div(teacher, temperature));
  const logQ = tf.logSoftmax(tf.div(student, temperature));
  const divergence = tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
  return tf.mul(tf.mean(divergence), temperature ** 2);
};

function bernoulli(teacher: tf.Tensor, student: tf.Tensor): tf.Tensor {
  // The gradient of tf.logSigmoid uses its argument after it has been disposed (tfjs 4.22).
  const logSigmoid = (z: tf.Tensor) => tf.neg(tf.softplus(tf.neg(z)));
  const divergence = (t: tf.Tensor, s: tf.Tensor) =>
    tf.mul(tf.sigmoid(t), tf.sub(logSigmoid(t), logSigmoid(s)));
  const parts = [divergence(teacher, student), divergence(tf.neg(teacher), tf.neg(student))];
  return tf.mean(tf.addN(parts));
}

function decoupled(labels: tf.Tensor1D, teacher: tf.Tensor, student: tf.Tensor) {
  const target = tf.cast(tf.oneHot(labels, CLASSES), "float32");
  const binary = (z: tf.Tensor) => {
    const own = tf.sum(tf.mul(tf.softmax(z), target), 1);
    return tf.stack([own, tf.sub(1, own)], 1);
  };
  const logOthers = (z: tf.Tensor) => tf.logSoftmax(tf.sub(z, tf.mul(target, 1000)));
  const divergence = (p: tf.Tensor, logP: tf.Tensor, logQ: tf.Tensor) =>
    tf.mean(tf.sum(tf.mul(p, tf.sub(logP, logQ)), 1));

  const [t, s] = [tf.div(teacher, 4), tf.div(student, 4)];
  const [b, logT] = [binary(t), logOthers(t)];
  const tckd = divergence(b, tf.log(b), tf.log(binary(s)));
  const nckd = divergence(tf.exp(logT), logT, logOthers(s));
  return tf.mul(tf.add(tckd, tf.mul(nckd, 8)), 16);
}

function correlated(teacher: tf.Tensor, student: tf.Tensor) {
  const [p, q] = [tf.softmax(teacher), tf.softmax(student)];
  const distance = (axis: number) => {
    const [a, b] = [p, q].map((x) => tf.sub(x, tf.mean(x, axis, true)));
    const lengths = tf.sqrt(tf.mul(sumOfSquares(a!, axis), sumOfSquares(b!, axis)));
    const rho = tf.div(tf.sum(tf.mul(a!, b!), axis, true), tf.add(lengths, 1e-8));
    return tf.mean(tf.sub(1, rho));
  };
  return tf.add(distance(1), distance(0));
}
