import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTemperature } from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { klDivergence } from "../../ops/kl-divergence.ts";
import { atTemperature, softmaxAndLog } from "../../ops/softmax.ts";
import { sumAll } from "../../ops/sums.ts";
import {
  checkLayerMaps,
  type LayerFeatures,
  pairEqualLayers,
  sumOverLayers,
} from "../layer-pairs.ts";

/** Options of {@link channelWiseLoss}. */
export interface ChannelWiseOptions {
  /** T > 0, which softens both distributions; default 1, as in mmrazor. */
  temperature?: number | undefined;
}

/**
 * Channel-wise distillation (CWD): the Kullback–Leibler divergence KL(teacher ‖ student) of each
 * channel, whose softmax over the positions is a distribution of where the channel is active. Summed
 * over layers, in nats.
 *
 * $$L = \sum_\ell \frac{T^2}{N C} \sum_{i,c} \sum_{h,w} \phi^t_{ic}(h,w)
 * \log \frac{\phi^t_{ic}(h,w)}{\phi^s_{ic}(h,w)}, \qquad
 * \phi_{ic} = \mathrm{softmax}_{h,w}(x_{ic} / T)$$
 *
 * The maps are usually the logits of a dense prediction, one channel per class, or the last features.
 *
 * Use when: the task is dense, such as segmentation, and each channel marks a region.
 *
 * Usual weight: 5 for logits of segmentation at T = 1 (mmrazor, configs/distill/mmseg/cwd), or 3 at
 * T = 4 (the authors' TorchDistiller, SemSeg-distill).
 *
 * Trainable parts: none if the channels are equal; otherwise a 1×1 convolution from the student's
 * channels to the teacher's.
 *
 * Source: Shu et al., "Channel-wise knowledge distillation for dense prediction", ICCV 2021
 * (arXiv 2011.13256), section 3; the mean over samples follows mmrazor.
 *
 * @param teacherMaps float32 [N, H, W, C], or a list of such, one per layer; constants, no gradient flows
 * into them.
 * @param studentMaps float32, of the same shape or shapes.
 * @param options `temperature`, see {@link ChannelWiseOptions}.
 * @returns A scalar of at least 0.
 * @throws If a shape, dtype or option is not as described, or the lengths of the lists differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { channelWiseLoss } from "kd-cmi";
 *
 * const teacherMaps = tf.randomNormal([2, 16, 16, 5]);
 * const studentMaps = tf.randomNormal([2, 16, 16, 5]);
 * const loss = channelWiseLoss(teacherMaps, studentMaps, { temperature: 4 });
 * ```
 */
export function channelWiseLoss(
  teacherMaps: LayerFeatures,
  studentMaps: LayerFeatures,
  options: ChannelWiseOptions = {},
): tf.Scalar {
  const fn = "channelWiseLoss";
  checkOptions(fn, options, ["temperature"]);
  const { temperature = 1 } = options;
  const names = ["teacherMaps", "studentMaps"] as const;
  const pairs = pairEqualLayers(fn, names, teacherMaps, studentMaps, checkLayerMaps);
  checkTemperature(fn, temperature);

  // dL/dx = T/(N C) · (φˢ − φᵗ)
  return sumOverLayers(fn, pairs, (teacher, student) => {
    const [batch, , , channels] = student.shape;
    const scale = temperature / (batch * channels);
    return scalarLoss(
      fn,
      [student],
      (x) => {
        const p = softmaxAndLog(atTemperature(channelRows(teacher), temperature));
        const q = softmaxAndLog(atTemperature(channelRows(x), temperature));
        const value: tf.Scalar = tf.mul(sumAll(klDivergence(p, q)), scale * temperature);
        return { value, saved: [tf.sub(q.p, p.p)] };
      },
      (difference) => [channelMaps(tf.mul(difference, scale), student.shape)],
    );
  });
}

/** A row of positions for each channel of each sample: [N, H, W, C] → [N · C, H · W]. */
function channelRows(maps: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = maps.shape;
  const positions = tf.reshape(maps, [batch, height * width, channels]);
  return tf.reshape(tf.transpose(positions, [0, 2, 1]), [batch * channels, height * width]);
}

/** The inverse of {@link channelRows}. */
function channelMaps(rows: tf.Tensor, shape: tf.Tensor4D["shape"]): tf.Tensor4D {
  const channels = tf.reshape(rows, [shape[0], shape[3], shape[1] * shape[2]]);
  return tf.reshape(tf.transpose(channels, [0, 2, 1]), shape);
}
