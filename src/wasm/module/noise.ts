// The noise of noise-contrastive estimation.
import { exp4OfNegative, loadRow, log4, storeRow } from "./exp-log";
import { sumOf } from "./sums";

/** Scores whose losses are summed in float32 before their sum is added in float64. */
const BLOCK: usize = 256;

/**
 * losses = Σ n softplus(s − shift) and slopes = n σ(s − shift) of each row of scores s [rows, size]. With
 * e = exp(−|x|), softplus(x) = max(x, 0) + log(1 + e), and σ(x) = 1/(1 + e), or e/(1 + e) for x < 0. The
 * logarithm is taken of products of 1 + e ≤ 2, since it costs more than all else.
 *
 * @param shift A single number.
 * @param counts n [rows, size], or 0 for ones.
 */
export function noiseLosses(
  scores: usize,
  shift: usize,
  counts: usize,
  losses: usize,
  slopes: usize,
  rows: usize,
  size: usize,
): void {
  const step = size << 2;
  const shifts = v128.load32_splat(shift);
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    let loss: f64 = 0;
    let i: usize = 0;
    while (i < size) {
      let sum = zero;
      let product = one;
      for (const end = min(i + BLOCK, size); i < end; i += 4) {
        const x = f32x4.sub(loadRow(scores, i, size, 0), shifts);
        const e = exp4OfNegative(f32x4.neg(f32x4.abs(x)));
        const total = f32x4.add(one, e);
        const n = weights(counts, i, size);
        const numerator = v128.bitselect(e, one, f32x4.lt(x, zero));
        storeRow(slopes, i, size, f32x4.mul(n, f32x4.div(numerator, total)));

        const isCounted = f32x4.ne(n, zero);
        sum = f32x4.add(sum, f32x4.mul(n, f32x4.pmax(x, zero)));
        product = f32x4.mul(product, v128.bitselect(total, one, isCounted));
        const more = v128.andnot(isCounted, f32x4.eq(n, one));
        if (v128.any_true(more)) {
          const rest = f32x4.mul(f32x4.sub(n, one), log4(total));
          sum = f32x4.add(sum, v128.and(rest, more));
        }
      }
      loss += sumOf(f32x4.add(sum, log4(product)));
    }
    store<f32>(losses + (row << 2), f32(loss));
    scores += step;
    slopes += step;
    if (counts) counts += step;
  }
}

/** The weights of four scores, 0 after the end of the row. */
function weights(counts: usize, i: usize, size: usize): v128 {
  if (counts) return loadRow(counts, i, size, 0);
  const one = f32x4.splat(1);
  if (i + 4 <= size) return one;
  return v128.and(one, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(<i32>(size - i))));
}
