import * as tf from "@tensorflow/tfjs-core";
import { type LayerPair, sumOverLayers } from "../layer-loss.ts";
import { adaptiveAveragePool, adaptiveAveragePoolGradient, commonSize } from "./adaptive-pool.ts";
import { type Normalized, normalize, normalizeGradient } from "./unit-vectors.ts";

/** A distance of two attentions as a function of their difference [N, H·W]. */
export interface AttentionDistance {
  value(difference: tf.Tensor): tf.Scalar;
  /** Its derivative by the difference. */
  slope(difference: tf.Tensor): tf.Tensor;
}

/** The distance of the student's spatial attention from the teacher's, summed over layers. */
export function attentionLoss(
  pairs: readonly LayerPair<tf.Tensor4D>[],
  p: number,
  { value, slope }: AttentionDistance,
): tf.Scalar {
  return sumOverLayers(pairs, {
    forward(teacher, student) {
      const size = commonSize(teacher, student);
      const maps = adaptiveAveragePool(student, size);
      const { unit, norm } = attention(maps, p);
      const target = attention(adaptiveAveragePool(teacher, size), p).unit;
      const difference = tf.sub(unit, target);
      return { loss: value(difference), saved: [maps, unit, norm, difference] };
    },
    gradient([maps, unit, norm, difference], layer) {
      const g = normalizeGradient({ unit: unit!, norm: norm! }, slope(difference!), 1);
      const dx = powerMeanGradient(maps as tf.Tensor4D, p, g);
      return adaptiveAveragePoolGradient(dx, pairs[layer]!.student.shape);
    },
  });
}

/** The mean over the channels of |x|^p at each position, [N, H·W], each sample's of norm 1. */
function attention(maps: tf.Tensor4D, p: number): Normalized {
  const [batch, , , channels] = maps.shape;
  const powers = p === 2 ? tf.square(maps) : tf.pow(tf.abs(maps), p);
  const means = tf.mul(tf.sum(powers, 3), 1 / channels);
  return normalize(tf.reshape(means, [batch, -1]), 1);
}

/** d|x|^p = p |x|^(p−1) sign(x), of each channel a share. */
function powerMeanGradient(maps: tf.Tensor4D, p: number, g: tf.Tensor): tf.Tensor4D {
  const [batch, height, width, channels] = maps.shape;
  const powers = p === 2 ? maps : tf.mul(tf.pow(tf.abs(maps), p - 1), tf.sign(maps));
  return tf.mul(powers, tf.reshape(tf.mul(g, p / channels), [batch, height, width, 1]));
}
