// Losses of rows of logits. Logits are shifted by their maximum. Those of −∞ are masked: their
// probability is 0, their shifted logit −1e30. A row with NaN or +∞ gives NaN.
import { exp4, loadRow, log1, log4, storeRow } from "./exp-log";

const MASKED: f32 = -1e30;
const LOWEST: f32 = -Infinity;

/** The sum of four lanes. */
function total(s: v128): f32 {
  const pairs = f32x4.add(s, v128.shuffle<i32>(s, s, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest entry of a row, NaN if it has one. */
function maximum(row: usize, size: usize): f32 {
  let m = f32x4.splat(LOWEST);
  for (let i: usize = 0; i < size; i += 4) m = f32x4.max(m, loadRow(row, i, size, LOWEST));
  const pairs = f32x4.max(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Writes factor · (z − max z) to `shifted` and its exp to `e`, and returns the sum of the latter. */
function exponentials(z: usize, shifted: usize, e: usize, size: usize, factor: f32): f32 {
  const largest = f32x4.splat(maximum(z, size));
  const masked = f32x4.splat(MASKED);
  const factors = f32x4.splat(factor);
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < size; i += 4) {
    const s = f32x4.mul(f32x4.sub(loadRow(z, i, size, LOWEST), largest), factors);
    const exponential = exp4(s);
    storeRow(shifted, i, size, f32x4.max(s, masked));
    storeRow(e, i, size, exponential);
    sum = f32x4.add(sum, exponential);
  }
  return total(sum);
}

/** p = softmax z, z − max z and log Σ exp(z − max z) of each row [rows, size]. */
export function softmaxParts(
  z: usize,
  p: usize,
  shifted: usize,
  logSum: usize,
  rows: usize,
  size: usize,
): void {
  const step = size << 2;
  for (let row: usize = 0; row < rows; row++) {
    const sum = exponentials(z, shifted, p, size, 1);
    const sums = f32x4.splat(sum);
    for (let i: usize = 0; i < size; i += 4) {
      storeRow(p, i, size, f32x4.div(loadRow(p, i, size, 0), sums));
    }
    store<f32>(logSum + (row << 2), log1(sum));
    z += step;
    p += step;
    shifted += step;
  }
}

/** See `infiniteIfHuge` of `src/ops`. NaN stays NaN. */
function infiniteIfHuge(x: f32): f32 {
  return x / <f32>(x < 1e20);
}

/**
 * losses = T² KL(p ‖ q) and slopes = T (q − p) of each row, where p = softmax(target/T) and q =
 * softmax(logits/T). The divergence is Σ p x + q − p with x = log p − log q, of which no term is
 * negative, and p x² (1/2 − x/6 + x²/24 − x³/120) for |x| < 0.1: it keeps its digits at high temperatures.
 *
 * @param scratch [3 · size].
 */
export function softDivergence(
  target: usize,
  logits: usize,
  temperature: f32,
  losses: usize,
  slopes: usize,
  scratch: usize,
  rows: usize,
  size: usize,
): void {
  const step = size << 2;
  const shiftedP = scratch;
  const shiftedQ = scratch + step;
  const e = shiftedQ + step;
  const near = f32x4.splat(0.2);
  const scale = f32x4.splat(temperature);
  for (let row: usize = 0; row < rows; row++) {
    const sumP = exponentials(target, shiftedP, e, size, <f32>1 / temperature);
    const sumQ = exponentials(logits, shiftedQ, slopes, size, <f32>1 / temperature);
    const difference = f32x4.splat(log1(sumP) - log1(sumQ));
    const sumsP = f32x4.splat(sumP);
    const sumsQ = f32x4.splat(sumQ);
    let kl = f32x4.splat(0);
    for (let i: usize = 0; i < size; i += 4) {
      const p = f32x4.div(loadRow(e, i, size, 0), sumsP);
      const q = f32x4.div(loadRow(slopes, i, size, 0), sumsQ);
      const shifts = f32x4.sub(loadRow(shiftedP, i, size, 0), loadRow(shiftedQ, i, size, 0));
      const x = f32x4.sub(shifts, difference);
      let series = f32x4.sub(f32x4.splat(1.0 / 24.0), f32x4.mul(x, f32x4.splat(1.0 / 120.0)));
      series = f32x4.sub(f32x4.mul(series, x), f32x4.splat(1.0 / 6.0));
      series = f32x4.add(f32x4.mul(series, x), f32x4.splat(0.5));
      const close = f32x4.mul(f32x4.mul(p, f32x4.mul(x, x)), series);
      const far = f32x4.add(f32x4.mul(p, x), f32x4.sub(q, p));
      kl = f32x4.add(kl, v128.bitselect(close, far, f32x4.lt(f32x4.abs(x), near)));
      storeRow(slopes, i, size, f32x4.mul(f32x4.sub(q, p), scale));
    }
    store<f32>(
      losses + (row << 2),
      infiniteIfHuge(max<f32>(total(kl), 0)) * temperature * temperature,
    );
    target += step;
    logits += step;
    slopes += step;
  }
}

/**
 * losses = a CE(t, p) + b KL(p ‖ Q) of each row, where p = softmax(logits), and slopes = p (a + b (r − KL)) −
 * a t with r = log p − log Q.
 *
 * @param targets [rows, size] before smoothing to (1 − ε) t + ε / size, or 0: one-hot rows of `classes`.
 * @param classes int32 [rows], or 0.
 * @param centroids log Q of each row, or, with classes, Q of each class, which counts as at least 1e-37.
 * @param scratch [2 · size].
 */
export function centroidLosses(
  targets: usize,
  classes: usize,
  logits: usize,
  centroids: usize,
  crossEntropy: f32,
  divergence: f32,
  labelSmoothing: f32,
  losses: usize,
  slopes: usize,
  scratch: usize,
  rows: usize,
  size: usize,
): void {
  const step = size << 2;
  const r = scratch + step;
  const tiny = f32x4.splat(1e-37);
  const share = f32x4.splat(labelSmoothing / <f32>size);
  const rest = f32x4.splat(<f32>1 - labelSmoothing);
  const a = f32x4.splat(crossEntropy);
  const b = f32x4.splat(divergence);
  for (let row: usize = 0; row < rows; row++) {
    const sum = exponentials(logits, scratch, slopes, size, 1);
    const logSum = log1(sum);
    const sums = f32x4.splat(sum);
    const logSums = f32x4.splat(logSum);
    const label = classes ? min<u32>(load<u32>(classes + (row << 2)), <u32>size - 1) : 0;
    const q = classes ? centroids + <usize>label * step : centroids + row * step;
    let kl = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let i: usize = 0; i < size; i += 4) {
      const p = f32x4.div(loadRow(slopes, i, size, 0), sums);
      const s = loadRow(scratch, i, size, 0);
      let logQ = loadRow(q, i, size, 0);
      if (classes) logQ = log4(f32x4.max(logQ, tiny));
      const ratio = f32x4.sub(f32x4.sub(s, logSums), logQ);
      kl = f32x4.add(kl, f32x4.mul(p, ratio));
      storeRow(slopes, i, size, p);
      storeRow(r, i, size, ratio);
      if (crossEntropy === 0) continue;
      const t = classes ? share : smooth(loadRow(targets, i, size, 0), rest, share);
      // Lanes after the end of the row have a shifted logit of 0.
      product = f32x4.add(product, f32x4.mul(t, s));
    }
    const divergences = total(kl);
    let ce: f32 = 0;
    if (crossEntropy !== 0) {
      let inner = total(product);
      if (classes) inner += (<f32>1 - labelSmoothing) * load<f32>(scratch + ((<usize>label) << 2));
      ce = infiniteIfHuge(crossEntropy * (logSum - inner));
    }
    store<f32>(losses + (row << 2), ce + divergence * divergences);
    const constant = f32x4.splat(crossEntropy - divergence * divergences);
    for (let i: usize = 0; i < size; i += 4) {
      const p = loadRow(slopes, i, size, 0);
      const weight = f32x4.add(constant, f32x4.mul(b, loadRow(r, i, size, 0)));
      let slope = f32x4.mul(p, weight);
      if (crossEntropy !== 0) {
        const t = classes ? share : smooth(loadRow(targets, i, size, 0), rest, share);
        slope = f32x4.sub(slope, f32x4.mul(a, t));
      }
      storeRow(slopes, i, size, slope);
    }
    if (classes && crossEntropy !== 0) {
      const at = slopes + ((<usize>label) << 2);
      store<f32>(at, load<f32>(at) - crossEntropy * (<f32>1 - labelSmoothing));
    }
    if (targets) targets += step;
    logits += step;
    slopes += step;
  }
}

function smooth(t: v128, rest: v128, share: v128): v128 {
  return f32x4.add(f32x4.mul(t, rest), share);
}
