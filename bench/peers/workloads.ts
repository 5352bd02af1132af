import * as tf from "@tensorflow/tfjs-core";
import { crdLoss, l2Normalize, nstLoss, rkdLoss, similarityLoss } from "kd-cmi";
import { gathered } from "../losses/contrast.ts";
import type { LossAndGradient } from "../measure.ts";
import { hashed, uniform } from "./inputs.ts";

// Sizes and seeds equal those of the peers, crd.py and so on.

/** CRD at RepDistiller's sizes on CIFAR-100, with three ways to compute the scores. */
export function crd() {
  const [batch, negatives, size, dim] = [64, 16384, 50000, 128];
  const inputs = [1, 2].map((seed) => l2Normalize(uniform(seed, batch, dim)));
  const [teacher, student] = [3, 4].map((seed) =>
    tf.mul(uniform(seed, size, dim), Math.sqrt(3 / dim)),
  ) as [tf.Tensor2D, tf.Tensor2D];
  const z = tf.scalar(size);
  const bank = { teacher, student, normalizer: { teacher: z, student: z } };
  const rows = Int32Array.from(hashed(5, batch * (negatives + 1)), (x) => x % size);
  const each = tf.tensor2d(rows, [batch, negatives + 1]);
  const shared = {
    positives: tf.range(0, batch, 1, "int32"),
    negatives: tf.tensor1d(rows.slice(0, negatives), "int32"),
  };
  return {
    each: withGradients(inputs, (t, s) => crdLoss(t, s, bank, each)),
    shared: withGradients(inputs, (t, s) => crdLoss(t, s, bank, shared)),
    gathered: withGradients(inputs, (t, s) => gathered(t, s, bank, each)),
  };
}

export function rkd() {
  const [teacher, student] = [1, 2].map((seed) => uniform(seed, 256, 512));
  return withGradients([student!], (s) => rkdLoss(teacher!, s));
}

export const nst = () => ofMaps(nstLoss);

export const sp = () => ofMaps(similarityLoss);

function ofMaps(loss: (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor) {
  const [teacher, student] = [1, 2].map((seed) => uniform(seed, 64, 32, 32, 64));
  return withGradients([student!], (s) => loss(teacher!, s));
}

function withGradients<Inputs extends [tf.Tensor, ...tf.Tensor[]]>(
  inputs: tf.Tensor[],
  loss: (...inputs: Inputs) => tf.Tensor,
): LossAndGradient {
  const compute = tf.valueAndGrads(loss as (...inputs: tf.Tensor[]) => tf.Tensor);
  return () => compute(inputs);
}
