import * as tf from "@tensorflow/tfjs-core";
import { gatherRows } from "./gather-rows.ts";
import { infiniteIfHuge } from "./infinite-if-huge.ts";
import { oneHot } from "./one-hot.ts";
import { type RowLosses, runRowLosses } from "./row-losses.ts";
import { safeLog } from "./safe-log.ts";
import { softmaxParts } from "./softmax.ts";
import { rowSum } from "./sums.ts";

/** The parameters of {@link centroidLosses}. All are given. */
type CentroidAttrs = {
  /** a, the weight of the cross-entropy. */
  crossEntropy: number;
  /** b, the weight of the divergence from the centroids. */
  divergence: number;
  /** ε within 0–1, the share of the target that is spread over all classes. */
  labelSmoothing: number;
};

/**
 * Computes a · CE(t, p) + b · KL(p ‖ Q) of each row, where p = softmax(logits), and its derivative with
 * respect to the logits: float32 [N, C] three times → [N, 1] and [N, C]. The rows t are distributions,
 * smoothed to (1 − ε) t + ε/C, and log Q is finite. Logits of −∞ are masked as in `softmaxParts`. A row
 * with NaN or +∞ gives NaN. No further gradient is defined.
 *
 * With s = z − max z, ℓ = log Σ exp s and r = s − ℓ − log Q: CE = ℓ − Σ_c t s and KL = Σ_c p r. The
 * derivative is p (a + b (r − KL)) − a t.
 */
export function centroidLosses(
  targets: tf.Tensor2D,
  logits: tf.Tensor2D,
  logCentroids: tf.Tensor2D,
  attrs: CentroidAttrs,
): RowLosses {
  const inputs = { targets, logits, logCentroids };
  const { crossEntropy, divergence, labelSmoothing } = attrs;
  return runRowLosses("KdCmiCentroidLosses", inputs, attrs, () => {
    const { p, shifted, logSum } = softmaxParts(logits);
    const r = tf.tidy((): tf.Tensor2D => tf.sub(tf.sub(shifted, logSum), logCentroids));
    const kl = times(dotRows(p, r), divergence);
    const slopes = tf.tidy(
      (): tf.Tensor2D => tf.mul(p, tf.sub(times(r, divergence), tf.sub(kl, crossEntropy))),
    );
    tf.dispose([p, r]);
    if (crossEntropy === 0) return { losses: kl, slopes };
    const t = tf.tidy(() => times(smooth(targets, labelSmoothing), crossEntropy));
    const ce = tf.sub(times(logSum, crossEntropy), dotRows(t, shifted));
    return { losses: tf.add(infiniteIfHuge(ce), kl), slopes: tf.sub(slopes, t) };
  });
}

/**
 * {@link centroidLosses} of class indices, int32 [N]: t is their one-hot row, and Q is their row of the
 * centroids, float32 [C, C], with entries of at least 1e-37. The result of a row whose index is outside
 * 0…C−1 is undefined.
 */
export function classCentroidLosses(
  classes: tf.Tensor1D,
  logits: tf.Tensor2D,
  centroids: tf.Tensor2D,
  attrs: CentroidAttrs,
): RowLosses {
  const inputs = { classes, logits, centroids };
  return runRowLosses("KdCmiClassCentroidLosses", inputs, attrs, () => {
    const [batch, numClasses] = logits.shape;
    // The logarithm is taken of the fewer rows.
    const logCentroids = tf.tidy(() =>
      batch < numClasses
        ? safeLog(gatherRows(centroids, classes))
        : gatherRows(safeLog(centroids), classes),
    );
    return centroidLosses(oneHot(classes, numClasses), logits, logCentroids, attrs);
  });
}

function smooth(rows: tf.Tensor2D, labelSmoothing: number): tf.Tensor2D {
  if (labelSmoothing === 0) return rows;
  return tf.add(tf.mul(rows, 1 - labelSmoothing), labelSmoothing / rows.shape[1]);
}

/** The inner products of rows, [N, 1]. */
const dotRows = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => rowSum(tf.mul(a, b)));

const times = (x: tf.Tensor2D, factor: number): tf.Tensor2D =>
  factor === 1 ? x : tf.mul(x, factor);
