import { addWide, BLOCK } from "./sums";

/** γ / √(variance + ε) of a channel; γ is 1 without a scale. */
function factorOf(variance: usize, scale: usize, c: usize, epsilon: f32): f32 {
  const root = sqrt(load<f32>(variance + c) + epsilon);
  return scale ? load<f32>(scale + c) / root : <f32>1 / root;
}

/**
 * out = (x − mean) · γ / √(variance + ε) + offset of each channel, x [rows, channels].
 *
 * @param offset Address 0 if there is none.
 * @param scale γ. Address 0 if there is none.
 * @param factors Scratch [2 · channels].
 */
export function batchNorm(
  x: usize,
  mean: usize,
  variance: usize,
  offset: usize,
  scale: usize,
  epsilon: f32,
  factors: usize,
  out: usize,
  rows: usize,
  channels: usize,
): void {
  const step = channels << 2;
  const offsets = factors + step;
  for (let c: usize = 0; c < step; c += 4) {
    store<f32>(factors + c, factorOf(variance, scale, c, epsilon));
    store<f32>(offsets + c, offset ? load<f32>(offset + c) : 0);
  }
  const vectors = step & ~15;
  for (let row: usize = 0; row < rows; row++) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const difference = f32x4.sub(v128.load(x + c), v128.load(mean + c));
      const scaled = f32x4.mul(difference, v128.load(factors + c));
      v128.store(out + c, f32x4.add(scaled, v128.load(offsets + c)));
    }
    for (; c < step; c += 4) {
      const scaled = (load<f32>(x + c) - load<f32>(mean + c)) * load<f32>(factors + c);
      store<f32>(out + c, scaled + load<f32>(offsets + c));
    }
    x += step;
    out += step;
  }
}

/**
 * The gradients of `batchNorm`, with r = 1 / √(variance + ε), s = Σ dy and t = Σ dy · (x − mean) of each
 * channel: dx = dy γ r, dmean = −γ r s, dvariance = −γ r³ t / 2, dscale = r t, doffset = s.
 *
 * @param sums Scratch of 2 · channels float64.
 * @param factors Scratch [channels].
 */
export function batchNormGrad(
  dy: usize,
  x: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  epsilon: f32,
  sums: usize,
  factors: usize,
  dx: usize,
  dmean: usize,
  dvariance: usize,
  dscale: usize,
  doffset: usize,
  rows: usize,
  channels: usize,
): void {
  const step = channels << 2;
  const products = sums + (channels << 3);
  memory.fill(sums, 0, channels << 4);
  for (let row: usize = 0; row < rows; row += BLOCK) {
    const count = min(BLOCK, rows - row);
    const start = row * step;
    addBlock(dy + start, x + start, mean, sums, products, count, step);
  }
  for (let c: usize = 0; c < step; c += 4) {
    const factor = factorOf(variance, scale, c, epsilon);
    store<f32>(factors + c, factor);
    const root = sqrt(f64(load<f32>(variance + c)) + f64(epsilon));
    const sum = load<f64>(sums + (c << 1));
    const product = load<f64>(products + (c << 1));
    store<f32>(dmean + c, f32(-f64(factor) * sum));
    store<f32>(dvariance + c, f32((-0.5 * f64(factor) * product) / (root * root)));
    store<f32>(dscale + c, f32(product / root));
    store<f32>(doffset + c, f32(sum));
  }
  const vectors = step & ~15;
  for (let row: usize = 0; row < rows; row++) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      v128.store(dx + c, f32x4.mul(v128.load(dy + c), v128.load(factors + c)));
    }
    for (; c < step; c += 4) {
      store<f32>(dx + c, load<f32>(dy + c) * load<f32>(factors + c));
    }
    dy += step;
    dx += step;
  }
}

/** Adds Σ dy and Σ dy · (x − mean) over a block of rows. */
function addBlock(
  dy: usize,
  x: usize,
  mean: usize,
  sums: usize,
  products: usize,
  rows: usize,
  step: usize,
): void {
  const size = rows * step;
  let c: usize = 0;
  for (; c + 32 <= step; c += 32) {
    const m0 = v128.load(mean + c);
    const m1 = v128.load(mean + c, 16);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let t0 = s0;
    let t1 = s0;
    for (let i = c; i < size; i += step) {
      const d0 = v128.load(dy + i);
      const d1 = v128.load(dy + i, 16);
      s0 = f32x4.add(s0, d0);
      s1 = f32x4.add(s1, d1);
      t0 = f32x4.add(t0, f32x4.mul(d0, f32x4.sub(v128.load(x + i), m0)));
      t1 = f32x4.add(t1, f32x4.mul(d1, f32x4.sub(v128.load(x + i, 16), m1)));
    }
    addWide(sums + (c << 1), s0);
    addWide(sums + (c << 1) + 32, s1);
    addWide(products + (c << 1), t0);
    addWide(products + (c << 1) + 32, t1);
  }
  for (; c < step; c += 4) {
    const m = load<f32>(mean + c);
    let s: f32 = 0;
    let t: f32 = 0;
    for (let i = c; i < size; i += step) {
      const d = load<f32>(dy + i);
      s += d;
      t += d * (load<f32>(x + i) - m);
    }
    store<f64>(sums + (c << 1), load<f64>(sums + (c << 1)) + f64(s));
    store<f64>(products + (c << 1), load<f64>(products + (c << 1)) + f64(t));
  }
}
