import * as tf from "@tensorflow/tfjs-core";
import {
  checkFeatures,
  checkNumber,
  checkOptions,
  checkSameShape,
  checkVector,
} from "../../internal/checks.ts";
import { differentiable } from "../../internal/differentiable.ts";
import { adaptiveAveragePool } from "../../ops/adaptive-average-pool.ts";
import { channelMeans } from "../../ops/channel-means.ts";
import { softplus } from "../../ops/softplus.ts";

/** Options of {@link vidLoss}. */
export interface VidOptions {
  /** The lower bound of the variance, above 0; default 1e-5, as in the authors' code. */
  epsilon?: number | undefined;
}

/**
 * Variational information distillation (VID): the negative log-likelihood, without its constant, of
 * the teacher's features under Gaussians whose means are regressed from the student and whose
 * variances are learned, one per channel. In nats per entry.
 *
 * $$L = \frac{1}{|\mu|} \sum_j \frac{1}{2} \left[ \frac{(\mu_j - t_j)^2}{\sigma_{c(j)}^2} +
 * \log \sigma_{c(j)}^2 \right], \qquad
 * \sigma_c^2 = \log(1 + e^{\alpha_c}) + \epsilon$$
 *
 * μ are the regressed features, t the teacher's, c(j) is the channel of entry j and α the log
 * scale. For several layers, add their losses, each with its own regressor and log scale.
 *
 * Teacher's maps that are higher or wider than the regressed ones are average-pooled to their size, with
 * windows that overlap if one size does not divide the other (PyTorch's `adaptive_avg_pool2d`, as in
 * RepDistiller). Larger maps of the student must be pooled before the regressor, see `teacherSize` of
 * `vidRegressor`.
 *
 * Use when: features are worth matching only where the student can predict them: each channel has
 * its own variance.
 *
 * Usual weight: 1 (RepDistiller, scripts/run_cifar_distill.sh).
 *
 * Trainable parts: a regressor from the student's maps to the teacher's channels and `logScale`,
 * which starts at log(exp(5 − ε) − 1), a variance of 5: `vidRegressor` and `vidLogScale` of
 * `kd-cmi/layers`. Pass both to the optimizer.
 *
 * Source: Ahn et al., "Variational information distillation for knowledge transfer", CVPR 2019
 * (arXiv 1904.05835); the mean over entries follows RepDistiller.
 *
 * @param teacherFeatures float32 [N, …, C], channels last, rank 2 or more; a constant, no gradient
 * flows into it.
 * @param regressedFeatures float32, of the same shape. Maps [N, H, W, C] may be lower or narrower.
 * @param logScale float32 [C]; receives a gradient.
 * @param options `epsilon`, see {@link VidOptions}.
 * @returns A scalar. Negative if the variances are small and the means accurate.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { vidLoss } from "kd-cmi";
 *
 * const teacherFeatures = tf.randomNormal([2, 4, 4, 8]);
 * const regressedFeatures = tf.randomNormal([2, 4, 4, 8]);
 * const logScale = tf.variable(tf.fill([8], Math.log(Math.exp(5 - 1e-5) - 1)));
 * const loss = vidLoss(teacherFeatures, regressedFeatures, logScale);
 * ```
 */
export function vidLoss(
  teacherFeatures: tf.Tensor,
  regressedFeatures: tf.Tensor,
  logScale: tf.Tensor,
  options: VidOptions = {},
): tf.Scalar {
  checkOptions("vidLoss", options, ["epsilon"]);
  const { epsilon = 1e-5 } = options;
  const teacher = checkFeatures("vidLoss", "teacherFeatures", teacherFeatures);
  const means = checkMeans(regressedFeatures, teacher);
  const channels = teacher.shape.at(-1) as number;
  const scales = checkVector("vidLoss", "logScale", logScale, channels);
  checkNumber("vidLoss", "epsilon", epsilon, { above: 0 });

  // With m_c the mean of (μ − t)² over the entries of channel c:
  // dL/dμ = (μ − t) / (σ² |μ|), dL/dα_c = (1 − m_c / σ_c²) / (2 C σ_c²) · sigmoid(α_c).
  return differentiable(
    "vidLoss",
    [means, scales],
    (mu, alpha) => {
      const difference = tf.tidy(() => tf.sub(mu, atSizeOf(mu, teacher)));
      const variance = tf.add(smallSoftplus(alpha), epsilon);
      const ratio = tf.div(channelMeans(tf.square(difference)), variance);
      const value: tf.Scalar = tf.mul(tf.mean(tf.add(ratio, tf.log(variance))), 0.5);
      return { value, saved: [difference, variance, ratio, tf.sigmoid(alpha)] };
    },
    (dy, difference, variance, ratio, sigmoid) => {
      const precision = tf.div(dy, variance);
      // Multiplied first, since a ratio of large differences to small variances nearly overflows.
      const share = tf.mul(tf.mul(precision, sigmoid), 1 / (2 * channels));
      const slope = tf.mul(tf.sub(1, ratio), share);
      return [tf.mul(difference, tf.mul(precision, 1 / difference.size)), slope];
    },
  );
}

/** Checks for features of the teacher's shape, or maps of at most its height and width. */
function checkMeans(regressed: tf.Tensor, teacher: tf.Tensor): tf.Tensor {
  const name = "regressedFeatures";
  const [n, h = 0, w = 0, c] = teacher.shape;
  const [batch, height = 0, width = 0, channels] =
    (regressed as tf.Tensor | undefined)?.shape ?? [];
  const isMap = teacher.rank === 4 && batch === n && channels === c;
  if (!isMap) return checkSameShape("vidLoss", name, regressed, "teacherFeatures", teacher);
  const means = checkFeatures("vidLoss", name, regressed);
  if (height <= h && width <= w) return means;
  const expected = `at most as high and wide as teacherFeatures [${teacher.shape}]`;
  const advice = "pool larger maps before the regressor (teacherSize of vidRegressor)";
  throw new Error(`vidLoss: ${name} must be ${expected}, got [${means.shape}]; ${advice}`);
}

/** The teacher's features at the size of the regressed ones. */
function atSizeOf(means: tf.Tensor, teacher: tf.Tensor): tf.Tensor {
  if (teacher.rank !== 4) return teacher;
  const [, height, width] = means.shape as tf.Tensor4D["shape"];
  return adaptiveAveragePool(teacher as tf.Tensor4D, [height, width]);
}

/** From here on, log(1 + y) of y = exp(x) is computed by its series, which keeps relative accuracy. */
const SMALL = -4;

/** log(1 + exp(x)) with a relative error of about 1e-6, also where it is far below 1. */
function smallSoftplus(x: tf.Tensor1D): tf.Tensor1D {
  const y = tf.exp(tf.minimum(x, SMALL));
  const series = tf.mul(y, tf.sub(1, tf.mul(y, tf.sub(1 / 2, tf.mul(y, 1 / 3)))));
  const isSmall = tf.step(tf.sub(SMALL, x));
  return tf.add(tf.mul(series, isSmall), tf.mul(softplus(x), tf.sub(1, isSmall)));
}
