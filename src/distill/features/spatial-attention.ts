import * as tf from "@tensorflow/tfjs-core";
import { scalarLoss } from "../../internal/differentiable.ts";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
} from "../../ops/adaptive-average-pool.ts";
import { fitGradient, fitRange } from "../../ops/fit-range.ts";
import { sign } from "../../ops/sign.ts";
import { asMaps, type LayerPair, type MapsOrTokens, sumOverLayers } from "../layer-pairs.ts";
import { type UnitVectors, unitVectors, unitVectorsGradient } from "../unit-vectors.ts";
import { commonSize } from "./pooled-positions.ts";

/** A distance between attention maps as a function of their difference [N, H·W]. */
export interface AttentionDistance {
  value(difference: tf.Tensor): tf.Scalar;
  /** Its derivative with respect to the difference. */
  slope(difference: tf.Tensor): tf.Tensor;
}

/** The distance of the student's spatial attention from the teacher's, summed over layers. */
export function attentionLoss(
  fn: string,
  pairs: readonly LayerPair<MapsOrTokens>[],
  p: number,
  { value, slope }: AttentionDistance,
): tf.Scalar {
  return sumOverLayers(fn, pairs, (teacherMap, studentMap) => {
    const [teacher, student] = [asMaps(fn, teacherMap), asMaps(fn, studentMap)];
    const size = commonSize(teacher, student);
    return scalarLoss(
      fn,
      [student],
      (x) => {
        const { maps, scale, largest } = scaledDown(adaptiveAveragePool(x, size), p);
        const { unit, norm } = attention(maps, p);
        const target = attention(scaledDown(adaptiveAveragePool(teacher, size), p).maps, p).unit;
        const difference = tf.sub(unit, target);
        return {
          value: value(difference),
          saved: [maps, scale, unit, norm, difference, ...largest],
        };
      },
      (maps, scale, unit, norm, difference, ...largest) => {
        const g = unitVectorsGradient({ unit, norm }, slope(difference), 1);
        const scaled = fitGradient(powerMeanGradient(maps, p, g), largest);
        const slopes: tf.Tensor4D = p <= 2 ? scaled : tf.div(scaled, scale);
        return [adaptiveAveragePoolGradient(slopes, student.shape)];
      },
    );
  });
}

/**
 * Divides the maps of each sample by their largest entry if that exceeds 1, since powers above 2 soon
 * overflow. The normalised attention does not depend on it. The scale is [N, 1, 1, 1], or 1.
 */
function scaledDown(x: tf.Tensor4D, p: number) {
  const { scaled: maps, largest } = fitRange(x, [1, 2, 3]);
  if (p <= 2) return { maps, scale: tf.scalar(1), largest };
  const peaks = tf.max(tf.abs(tf.reshape(maps, [maps.shape[0], -1])), 1);
  const scale = tf.reshape(tf.maximum(peaks, 1), [-1, 1, 1, 1]);
  return { maps: tf.div(maps, scale) as tf.Tensor4D, scale, largest };
}

/**
 * The mean over the channels of |x|^p at each position, [N, H·W], normalised to norm 1 per sample.
 */
function attention(maps: tf.Tensor4D, p: number): UnitVectors<tf.Tensor2D> {
  const [batch, , , channels] = maps.shape;
  const powers = p === 2 ? tf.square(maps) : tf.pow(tf.abs(maps), p);
  const means = tf.mul(tf.sum(powers, 3), 1 / channels);
  return unitVectors(tf.reshape(means, [batch, -1]), 1);
}

/** d|x|^p = p |x|^(p−1) sign(x), divided by the number of channels. */
function powerMeanGradient(maps: tf.Tensor4D, p: number, g: tf.Tensor): tf.Tensor4D {
  const [batch, height, width, channels] = maps.shape;
  const powers = p === 2 ? maps : tf.mul(tf.pow(tf.abs(maps), p - 1), sign(maps));
  return tf.mul(powers, tf.reshape(tf.mul(g, p / channels), [batch, height, width, 1]));
}
