// Polynomials of Cephes' expf and logf (Moshier), accurate to about one unit in the last place.

/** exp of four float32: 0 and infinity where it leaves their range, NaN for NaN. */
export function exp4(x: v128): v128 {
  const bounded = f32x4.min(f32x4.max(x, f32x4.splat(-104)), f32x4.splat(89));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(Mathf.LOG2E)));
  const y = expOfPart(bounded, n);
  // 2ⁿ in two factors, because n may be outside of the exponents of normal numbers.
  const m = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(m, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(m, half)));
}

/** exp of four float32 that are not positive: at least 1e-38, NaN for NaN. */
export function exp4OfNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, f32x4.splat(-87));
  // Adding 1.5 · 2²³ rounds to an integer, which it leaves in the low bits.
  const magic = f32x4.splat(12582912);
  const rounded = f32x4.add(f32x4.mul(bounded, f32x4.splat(Mathf.LOG2E)), magic);
  const y = expOfPart(bounded, f32x4.sub(rounded, magic));
  return f32x4.mul(y, powerOfTwo(rounded));
}

/** exp(x − n log 2), for a difference of at most log(2)/2. */
function expOfPart(x: v128, n: v128): v128 {
  // r = x − n log 2, in two parts.
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  return f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(r, r)), r), f32x4.splat(1));
}

/** 2ⁿ for n within −126…127. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** log of four float32: −∞ for 0, NaN for negative numbers and NaN. */
export function log4(x: v128): v128 {
  const isTiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, isTiny);
  // x = 2ᵉ f with f within √½…√2.
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const exponent = i32x4.shr_s(bits, 23);
  const mantissa = i32x4.sub(scaled, i32x4.shl(exponent, 23));
  const bias = v128.and(isTiny, f32x4.splat(23));
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), bias);
  const f = f32x4.sub(mantissa, f32x4.splat(1));
  const square = f32x4.mul(f, f);
  let y = f32x4.splat(7.0376836292e-2);
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-1.151461031e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(1.167699874e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-1.2420140846e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(1.4249322787e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-1.6668057665e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(2.0000714765e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(-2.4999993993e-1));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(3.3333331174e-1));
  y = f32x4.mul(f32x4.mul(y, f), square);
  y = f32x4.add(y, f32x4.mul(e, f32x4.splat(-2.1219444e-4)));
  y = f32x4.sub(y, f32x4.mul(square, f32x4.splat(0.5)));
  y = f32x4.add(f32x4.add(y, f), f32x4.mul(e, f32x4.splat(0.693359375)));
  // 0, negative numbers, infinity and NaN.
  const infinity = f32x4.splat(Infinity);
  y = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, f32x4.splat(0)));
  y = v128.bitselect(x, y, f32x4.eq(x, infinity));
  const isValid = f32x4.ge(x, f32x4.splat(0));
  return v128.bitselect(y, f32x4.splat(f32.NaN), isValid);
}

/** log of one float32. */
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** Loads up to four entries of a row, `fill` in the lanes after its end. */
export function loadRow(row: usize, i: usize, size: usize, fill: f32): v128 {
  if (i + 4 <= size) return v128.load(row + (i << 2));
  let x = f32x4.splat(fill);
  x = f32x4.replace_lane(x, 0, load<f32>(row + (i << 2)));
  if (i + 1 < size) x = f32x4.replace_lane(x, 1, load<f32>(row + (i << 2), 4));
  if (i + 2 < size) x = f32x4.replace_lane(x, 2, load<f32>(row + (i << 2), 8));
  return x;
}

/** Stores up to four entries of a row. */
export function storeRow(row: usize, i: usize, size: usize, x: v128): void {
  if (i + 4 <= size) {
    v128.store(row + (i << 2), x);
    return;
  }
  store<f32>(row + (i << 2), f32x4.extract_lane(x, 0));
  if (i + 1 < size) store<f32>(row + (i << 2), f32x4.extract_lane(x, 1), 4);
  if (i + 2 < size) store<f32>(row + (i << 2), f32x4.extract_lane(x, 2), 8);
}

/** out = exp x. */
export function exp(x: usize, out: usize, size: usize): void {
  for (let i: usize = 0; i < size; i += 4) storeRow(out, i, size, exp4(loadRow(x, i, size, 0)));
}

/** out = log x. */
export function log(x: usize, out: usize, size: usize): void {
  for (let i: usize = 0; i < size; i += 4) storeRow(out, i, size, log4(loadRow(x, i, size, 1)));
}
