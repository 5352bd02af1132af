import * as tf from "@tensorflow/tfjs-core";
import { checkCentroids, checkLabelShape, checkMatrix } from "../internal/checks.ts";
import { toIndices, toOneHot } from "../internal/labels.ts";
import {
  atLeastTiny,
  gatherRows,
  rowSum,
  softmaxAndLog,
  softmaxGradient,
} from "../internal/numerics.ts";
import { sampleLoss } from "../internal/sample-loss.ts";
import { classCentroids, classMeans, logCentroidRows } from "./class-centroids.ts";

/** Options of {@link conditionalMutualInformation}. */
export interface CmiOptions {
  /** Constant centroids, float32 [C, C]; default the batch's own, which the gradient respects. */
  centroids?: tf.Tensor | undefined;
  /** Default `tf.Reduction.MEAN`, which is the CMI itself. */
  reduction?: tf.Reduction | undefined;
}

/**
 * The conditional mutual information between the input X and the predicted label Ŷ given the true
 * label Y, in nats: how much the output says about the input beyond its class.
 *
 * $$I(X; \hat Y | Y) = \frac{1}{N} \sum_i \mathrm{KL}(p_i \| Q_{y_i}), \qquad
 * p_i = \mathrm{softmax}(z_i)$$
 *
 * Without `centroids`, Q are the means of the batch ({@link classCentroids}). The value of a batch
 * that is small against the number of classes is then far too low: use {@link CmiEstimator} to
 * measure, and this function to differentiate.
 *
 * Source: Ye et al., ICLR 2024 (arXiv 2401.08732), eq. 8–13.
 *
 * @param labels int32 class indices [N] or one-hot [N, C]. An index outside 0…C−1 cannot be seen
 * without reading back: cpu throws, elsewhere the result of its row means nothing. See
 * {@link checkLabels}.
 * @param logits float32 [N, C].
 * @returns A scalar in nats, or the KL of each sample [N] with `tf.Reduction.NONE`. At least 0, up
 * to rounding.
 * @throws If a shape, dtype or option is not as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { conditionalMutualInformation } from "kd-cmi";
 *
 * const labels = tf.tensor1d([0, 1, 1], "int32");
 * const logits = tf.tensor2d([[2, 0], [0, 3], [1, 2]]);
 * const cmi = conditionalMutualInformation(labels, logits);
 * ```
 */
export function conditionalMutualInformation<O extends tf.Tensor = tf.Scalar>(
  labels: tf.Tensor,
  logits: tf.Tensor,
  { centroids, reduction = tf.Reduction.MEAN }: CmiOptions = {},
): O {
  const fn = "conditionalMutualInformation";
  const z = checkMatrix(fn, "logits", logits);
  checkLabelShape(fn, labels, z);
  if (centroids !== undefined) {
    return divergence(fn, labels, z, checkCentroids(fn, centroids, z.shape[1]), reduction);
  }
  // Q minimises Σ_i KL(p_i ‖ Q_{y_i}): the derivative of a sum of the samples by Q changes no row
  // of the gradient (it adds the same number to a whole row of dL/dp), so Q may be held constant.
  if (reduction !== tf.Reduction.NONE) {
    return tf.tidy(() => divergence<O>(fn, labels, z, classCentroids(labels, z), reduction));
  }
  return samplesAgainstOwnCentroids(labels, z) as O;
}

/** KL(p_i ‖ Q_{y_i}) with constant Q: dL_i/dz = p (r − KL_i), r = log p − log Q_{y_i}. */
function divergence<O extends tf.Tensor>(
  fn: string,
  labels: tf.Tensor,
  logits: tf.Tensor2D,
  centroids: tf.Tensor2D,
  reduction: tf.Reduction,
): O {
  return sampleLoss(
    fn,
    logits,
    { reduction },
    {
      forward(z) {
        const { p, logP } = softmaxAndLog(z);
        const r = tf.sub(logP, logCentroidRows(centroids, labels));
        const losses = rowSum(tf.mul(p, r));
        return { losses, saved: [p, r, losses] };
      },
      gradient: ([p, r, kl]) => tf.mul(p!, tf.sub(r!, kl!)),
    },
  );
}

/**
 * KL(p_i ‖ Q_{y_i}) of each sample, Q the batch's own. The upstream weights w_i may differ here:
 * dL/dp_i = w_i r_i − (1/n_y) Σ_{j∈y} w_j p_j / Q_y, with y = y_i.
 */
function samplesAgainstOwnCentroids(labels: tf.Tensor, logits: tf.Tensor2D): tf.Tensor {
  const [n, c] = logits.shape;
  const op = tf.customGrad((z, save) => {
    const { p, logP } = softmaxAndLog(z as tf.Tensor2D);
    const { means } = classMeans(toOneHot(labels, c));
    const q: tf.Tensor2D = tf.matMul(means, p);
    const r = tf.sub(logP, logCentroidRows(q, labels));
    (save as tf.GradSaveFunc)([p, r, means, atLeastTiny(q), toIndices(labels)]);
    const gradFunc = (dy: tf.Tensor, [p, r, means, q, indices]: tf.Tensor[]) => {
      const w = tf.reshape(dy, [n, 1]);
      const weighted: tf.Tensor2D = tf.mul(p!, w);
      const throughQ: tf.Tensor2D = tf.div(tf.matMul(means as tf.Tensor2D, weighted), q!);
      const dp = tf.sub(tf.mul(r!, w), gatherRows(throughQ, indices as tf.Tensor1D));
      return softmaxGradient(p as tf.Tensor2D, dp);
    };
    return { value: tf.reshape(rowSum(tf.mul(p, r)), [n]), gradFunc };
  });
  return op(logits);
}
