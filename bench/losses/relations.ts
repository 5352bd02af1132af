import * as tf from "@tensorflow/tfjs-core";
import { correlationLoss, pktLoss, rkdLoss, similarityLoss } from "kd-cmi";
import { type Comparisons, normal, ofPair, sumOfSquares, unit } from "./comparison.ts";

const [BATCH, DIM] = [64, 128];

const embeddings = (seed: number) => normal(seed, BATCH, DIM);
const maps = (seed: number) => normal(seed, BATCH, 8, 8, 64);

export const relations: Comparisons = {
  similarityLoss: () => ofPair(maps(1), maps(2), similarityLoss, similarity),
  correlationLoss: () => ofPair(embeddings(1), embeddings(2), correlationLoss, correlation),
  pktLoss: () => ofPair(embeddings(1), embeddings(2), pktLoss, probabilities),
  rkdLoss: () => ofPair(embeddings(1), embeddings(2), rkdLoss, distancesAndAngles),
};

function similarity(teacher: tf.Tensor, student: tf.Tensor) {
  const normalized = (x: tf.Tensor) => {
    const rows: tf.Tensor2D = tf.reshape(x, [BATCH, -1]);
    // With a flag for the transposed operand webgpu is wrong from widths of about 2000 on (tfjs 4.22).
    return unit(tf.matMul(rows, tf.transpose(rows)), 1);
  };
  return tf.div(sumOfSquares(tf.sub(normalized(student), normalized(teacher))), BATCH ** 2);
}

function correlation(teacher: tf.Tensor, student: tf.Tensor) {
  const delta = tf.abs(tf.sub(student, teacher));
  const rows = (first: number) => tf.slice(delta, [first, 0], [BATCH - 1, -1]);
  return tf.div(tf.sum(tf.mul(rows(0), rows(1))), BATCH - 1);
}

function probabilities(teacher: tf.Tensor, student: tf.Tensor) {
  const similarities = (x: tf.Tensor) => {
    const u = tf.div(x, tf.add(tf.sqrt(sumOfSquares(x, 1)), 1e-7));
    const shifted = tf.add(tf.matMul(u, u, false, true), 1);
    return tf.div(shifted, tf.sum(shifted, 1, true));
  };
  const [p, q] = [similarities(teacher), similarities(student)];
  return tf.mean(tf.mul(p, tf.log(tf.div(tf.add(p, 1e-7), tf.add(q, 1e-7)))));
}

function distancesAndAngles(teacher: tf.Tensor, student: tf.Tensor) {
  const relations = (x: tf.Tensor) => {
    const differences = tf.sub(tf.expandDims(x, 0), tf.expandDims(x, 1));
    // Avoids the square root of 0, whose derivative is infinite.
    const lengths = tf.sqrt(tf.maximum(sumOfSquares(differences, 2), 1e-12));
    const directions = tf.div(differences, lengths);
    const off = tf.sub(1, tf.eye(BATCH));
    const d = tf.mul(tf.squeeze(lengths, [2]), off);
    const mean = tf.div(tf.sum(d), BATCH * (BATCH - 1));
    return {
      distances: tf.div(d, mean),
      cosines: tf.matMul(directions, directions, false, true),
    };
  };
  const [t, s] = [relations(teacher), relations(student)];
  const distances = tf.mean(smoothL1(tf.sub(s.distances, t.distances)));
  const angles = tf.mean(smoothL1(tf.sub(s.cosines, t.cosines)));
  return tf.add(tf.mul(distances, 25), tf.mul(angles, 50));
}

function smoothL1(x: tf.Tensor) {
  const size = tf.abs(x);
  const small = tf.minimum(size, 1);
  return tf.add(tf.mul(tf.square(small), 0.5), tf.sub(size, small));
}
