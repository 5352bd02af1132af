import * as tf from "@tensorflow/tfjs-core";
import { infiniteIfHuge } from "./infinite-if-huge.ts";
import { runOp } from "./run-op.ts";
import { select } from "./select.ts";
import { rowSum } from "./sums.ts";

/** Rows of probabilities and their logarithms, [N, C] each. */
export interface RowDistribution {
  p: tf.Tensor2D;
  logP: tf.Tensor2D;
}

/** Logarithms that differ by less are compared by a series. */
const NEAR = 0.2;

/**
 * The Kullback–Leibler divergence of each row, KL(p ‖ q) = Σ_c p_c (log p_c − log q_c): [N, 1], at least
 * 0. A probability of 0 contributes 0 if its logarithm is finite. Infinite if q is masked where p is
 * not. No gradient is defined.
 *
 * Since both sum to 1, it is Σ_c (p_c x_c + q_c − p_c) with x = log p − log q. No term is negative, so
 * that none cancel, unlike those of Σ_c p_c x_c, whose error of 1e-7 exceeds a small divergence. For
 * |x| < 0.2 the term is p x² (1/2 − x/6 + x²/24 − x³/120).
 */
export function klDivergence(target: RowDistribution, other: RowDistribution): tf.Tensor2D {
  const inputs = { p: target.p, logP: target.logP, q: other.p, logQ: other.logP };
  return runOp("KdCmiKlDivergence", inputs, {}, () => {
    const x = tf.sub(target.logP, other.logP);
    // The coefficients of the series from its third term down, after −1/120.
    const scaled = [1 / 24, -1 / 6, 1 / 2].reduce<tf.Tensor>(
      (sum, next) => {
        const longer = tf.tidy(() => tf.mul(tf.add(sum, next), x));
        sum.dispose();
        return longer;
      },
      tf.mul(x, -1 / 120),
    );
    const px = tf.mul(target.p, x);
    const near: tf.Tensor2D = tf.mul(px, scaled);
    scaled.dispose();
    const isNear = tf.tidy(() => tf.less(tf.abs(x), NEAR));
    x.dispose();
    const far = tf.tidy((): tf.Tensor2D => tf.add(px, tf.sub(other.p, target.p)));
    px.dispose();
    const terms = select(isNear, near, far);
    tf.dispose([near, far]);
    return infiniteIfHuge(rowSum(terms));
  });
}
