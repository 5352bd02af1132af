// Winograd's F(2×2, 3×3) for convolutions with 3×3 taps at stride 1: a tile of 2×2 outputs takes 16
// products of channels instead of 36. With d a 4×4 tile of the input, w the filter and y the output,
// y = Aᵀ [(G w Gᵀ) ∘ (Bᵀ d B)] A, and the gradient is dw = Gᵀ [Σ (A dy Aᵀ) ∘ (Bᵀ d B)] G, where
// Bᵀ = [1 0 −1 0; 0 1 1 0; 0 −1 1 0; 0 1 0 −1], G = [1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1] and
// Aᵀ = [1 1 1 0; 0 1 −1 −1]. Source: Lavin and Gray, "Fast algorithms for convolutional neural
// networks", CVPR 2016. Channels are multiples of 4.
import { addOuterProducts, multiply } from "./products";

const HALF: f32 = 0.5;

/**
 * Transforms the tile of 4×4 pixels of an image from (y, x) on: Bᵀ d B.
 *
 * @param patch Scratch [16, channels], for tiles that reach over an edge.
 * @param plane The distance of the entries of a transformed tile in bytes.
 */
function transformInput(
  image: usize,
  height: i32,
  width: i32,
  channels: usize,
  patch: usize,
  y: i32,
  x: i32,
  out: usize,
  plane: usize,
): void {
  const step = channels << 2;
  let from = image + <usize>(y * width + x) * step;
  let row = <usize>width * step;
  if (y < 0 || x < 0 || y + 4 > height || x + 4 > width) {
    copyPatch(image, height, width, step, patch, y, x);
    from = patch;
    row = step << 2;
  }
  const step2 = step << 1;
  const step3 = step2 + step;
  for (let c: usize = 0; c < step; c += 16) {
    let p = from + c;
    let d0 = v128.load(p);
    let d1 = v128.load(p + step);
    let d2 = v128.load(p + step2);
    let d3 = v128.load(p + step3);
    const a0 = f32x4.sub(d0, d2);
    const a1 = f32x4.add(d1, d2);
    const a2 = f32x4.sub(d2, d1);
    const a3 = f32x4.sub(d1, d3);
    p += row;
    d0 = v128.load(p);
    d1 = v128.load(p + step);
    d2 = v128.load(p + step2);
    d3 = v128.load(p + step3);
    const b0 = f32x4.sub(d0, d2);
    const b1 = f32x4.add(d1, d2);
    const b2 = f32x4.sub(d2, d1);
    const b3 = f32x4.sub(d1, d3);
    p += row;
    d0 = v128.load(p);
    d1 = v128.load(p + step);
    d2 = v128.load(p + step2);
    d3 = v128.load(p + step3);
    const c0 = f32x4.sub(d0, d2);
    const c1 = f32x4.add(d1, d2);
    const c2 = f32x4.sub(d2, d1);
    const c3 = f32x4.sub(d1, d3);
    let q = out + c;
    v128.store(q, f32x4.sub(a0, c0));
    q += plane;
    v128.store(q, f32x4.sub(a1, c1));
    q += plane;
    v128.store(q, f32x4.sub(a2, c2));
    q += plane;
    v128.store(q, f32x4.sub(a3, c3));
    q += plane;
    v128.store(q, f32x4.add(b0, c0));
    q += plane;
    v128.store(q, f32x4.add(b1, c1));
    q += plane;
    v128.store(q, f32x4.add(b2, c2));
    q += plane;
    v128.store(q, f32x4.add(b3, c3));
    q += plane;
    v128.store(q, f32x4.sub(c0, b0));
    q += plane;
    v128.store(q, f32x4.sub(c1, b1));
    q += plane;
    v128.store(q, f32x4.sub(c2, b2));
    q += plane;
    v128.store(q, f32x4.sub(c3, b3));
    q += plane;
    p += row;
    d0 = v128.load(p);
    d1 = v128.load(p + step);
    d2 = v128.load(p + step2);
    d3 = v128.load(p + step3);
    v128.store(q, f32x4.sub(b0, f32x4.sub(d0, d2)));
    q += plane;
    v128.store(q, f32x4.sub(b1, f32x4.add(d1, d2)));
    q += plane;
    v128.store(q, f32x4.sub(b2, f32x4.sub(d2, d1)));
    q += plane;
    v128.store(q, f32x4.sub(b3, f32x4.sub(d1, d3)));
  }
}

/** Copies the 4×4 pixels from (y, x) on, zero outside of the image. */
function copyPatch(
  image: usize,
  height: i32,
  width: i32,
  step: usize,
  patch: usize,
  y: i32,
  x: i32,
): void {
  const zero = f32x4.splat(0);
  for (let i = y; i < y + 4; i++) {
    for (let j = x; j < x + 4; j++) {
      if (i >= 0 && i < height && j >= 0 && j < width) {
        const from = image + <usize>(i * width + j) * step;
        for (let c: usize = 0; c < step; c += 16) v128.store(patch + c, v128.load(from + c));
      } else {
        for (let c: usize = 0; c < step; c += 16) v128.store(patch + c, zero);
      }
      patch += step;
    }
  }
}

/** Transforms a tile of 2×2 output gradients: A dy Aᵀ. Entries outside of the output count as 0. */
function transformGradient(
  dy: usize,
  height: i32,
  width: i32,
  channels: usize,
  y: i32,
  x: i32,
  out: usize,
  plane: usize,
): void {
  const step = channels << 2;
  const from = dy + <usize>(y * width + x) * step;
  const row = <usize>width * step;
  const hasRight = x + 1 < width;
  const hasBelow = y + 1 < height;
  const zero = f32x4.splat(0);
  for (let c: usize = 0; c < step; c += 16) {
    const p = from + c;
    const g00 = v128.load(p);
    const g01 = hasRight ? v128.load(p + step) : zero;
    const g10 = hasBelow ? v128.load(p + row) : zero;
    const g11 = hasRight && hasBelow ? v128.load(p + row + step) : zero;
    // Rows of A dy: g0, g0 + g1, g0 − g1, −g1.
    const s0 = f32x4.add(g00, g10);
    const s1 = f32x4.add(g01, g11);
    const t0 = f32x4.sub(g00, g10);
    const t1 = f32x4.sub(g01, g11);
    let q = out + c;
    q = storeRow(q, plane, g00, g01);
    q = storeRow(q, plane, s0, s1);
    q = storeRow(q, plane, t0, t1);
    storeRow(q, plane, f32x4.neg(g10), f32x4.neg(g11));
  }
}

/** Stores a row times Aᵀ: u, u + v, u − v, −v. Returns the address after it. */
function storeRow(q: usize, plane: usize, u: v128, v: v128): usize {
  v128.store(q, u);
  v128.store(q + plane, f32x4.add(u, v));
  v128.store(q + 2 * plane, f32x4.sub(u, v));
  v128.store(q + 3 * plane, f32x4.neg(v));
  return q + 4 * plane;
}

/**
 * The gradient of a convolution by its 3×3 filter, at stride 1.
 *
 * @param dw [3, 3, inChannels, outChannels].
 * @param scratch 16 · (inChannels · outChannels + tiles · (inChannels + outChannels) + inChannels) entries.
 * @param tiles Tiles whose transforms stay in the cache.
 */
export function winogradFilterGrad(
  x: usize,
  dy: usize,
  dw: usize,
  scratch: usize,
  tiles: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: usize,
  top: i32,
  left: i32,
): void {
  const inStep = inChannels << 2;
  const outStep = outChannels << 2;
  const filter = inStep * outChannels;
  const inputs = scratch + 16 * filter;
  const gradients = inputs + 16 * tiles * inStep;
  const patch = gradients + 16 * tiles * outStep;
  const inPlane = tiles * inStep;
  const outPlane = tiles * outStep;
  memory.fill(scratch, 0, 16 * filter);
  let t: usize = 0;
  for (let n = 0; n < batch; n++) {
    const image = x + <usize>(n * inHeight * inWidth) * inStep;
    const gradient = dy + <usize>(n * outHeight * outWidth) * outStep;
    for (let v = 0; v < outHeight; v += 2) {
      for (let u = 0; u < outWidth; u += 2) {
        transformInput(image, inHeight, inWidth, inChannels, patch, v - top, u - left, inputs + t * inStep, inPlane); // biome-ignore format: one line
        transformGradient(gradient, outHeight, outWidth, outChannels, v, u, gradients + t * outStep, outPlane); // biome-ignore format: one line
        if (++t === tiles) {
          addProducts(inputs, gradients, scratch, inPlane, outPlane, filter, t, inChannels, outChannels); // biome-ignore format: one line
          t = 0;
        }
      }
    }
  }
  if (t > 0) addProducts(inputs, gradients, scratch, inPlane, outPlane, filter, t, inChannels, outChannels); // biome-ignore format: one line
  transformFilterGrad(scratch, dw, filter);
}

/** sums[k] += Σ_t inputs[k, t] ⊗ gradients[k, t]. */
function addProducts(
  inputs: usize,
  gradients: usize,
  sums: usize,
  inPlane: usize,
  outPlane: usize,
  filter: usize,
  tiles: usize,
  inChannels: usize,
  outChannels: usize,
): void {
  const inStep = inChannels << 2;
  const outStep = outChannels << 2;
  for (let k = 0; k < 16; k++) {
    addOuterProducts(inputs, inStep, gradients, outStep, sums, outStep, tiles, inChannels, outChannels); // biome-ignore format: one line
    inputs += inPlane;
    gradients += outPlane;
    sums += filter;
  }
}

/** dw = Gᵀ s G for s [4, 4, filter]. */
function transformFilterGrad(s: usize, dw: usize, filter: usize): void {
  const half = f32x4.splat(0.5);
  for (let c: usize = 0; c < filter; c += 16) {
    // The columns of s G: s0 + (s1 + s2) / 2, (s1 − s2) / 2, (s1 + s2) / 2 + s3, of each of four rows,
    // and then the same of the rows.
    for (let j: usize = 0; j < 3; j++) {
      const r0 = columnOf(s + c, j, filter, half);
      const r1 = columnOf(s + c + 4 * filter, j, filter, half);
      const r2 = columnOf(s + c + 8 * filter, j, filter, half);
      const r3 = columnOf(s + c + 12 * filter, j, filter, half);
      const sum = f32x4.mul(f32x4.add(r1, r2), half);
      const to = dw + j * filter + c;
      v128.store(to, f32x4.add(r0, sum));
      v128.store(to + 3 * filter, f32x4.mul(f32x4.sub(r1, r2), half));
      v128.store(to + 6 * filter, f32x4.add(sum, r3));
    }
  }
}

/** Column j of a row of s times G. */
function columnOf(s: usize, j: usize, filter: usize, half: v128): v128 {
  const s1 = v128.load(s + filter);
  const s2 = v128.load(s + 2 * filter);
  if (j === 1) return f32x4.mul(f32x4.sub(s1, s2), half);
  const sum = f32x4.mul(f32x4.add(s1, s2), half);
  return f32x4.add(sum, v128.load(j === 0 ? s : s + 3 * filter));
}

/**
 * A convolution with 3×3 taps at stride 1.
 *
 * @param w [3, 3, inChannels, outChannels].
 * @param scratch 16 · (inChannels · outChannels + tiles · (inChannels + outChannels) + inChannels) entries.
 * @param tiles Tiles whose transforms stay in the cache.
 * @param isTurned Whether to turn the filter by 180° and swap its channels, whose sizes in w are then
 *   [3, 3, outChannels, inChannels].
 */
export function winogradConv(
  x: usize,
  w: usize,
  y: usize,
  scratch: usize,
  tiles: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: usize,
  top: i32,
  left: i32,
  isTurned: bool,
): void {
  const inStep = inChannels << 2;
  const outStep = outChannels << 2;
  const filter = inStep * outChannels;
  const inputs = scratch + 16 * filter;
  const products = inputs + 16 * tiles * inStep;
  const patch = products + 16 * tiles * outStep;
  const inPlane = tiles * inStep;
  const outPlane = tiles * outStep;
  if (isTurned) turnFilter(w, scratch, inChannels, outChannels);
  else transformFilter(w, scratch, filter);
  let t: usize = 0;
  // The first tile of the block in the cache.
  let firstN = 0;
  let firstV = 0;
  let firstU = 0;
  for (let n = 0; n < batch; n++) {
    const image = x + <usize>(n * inHeight * inWidth) * inStep;
    for (let v = 0; v < outHeight; v += 2) {
      for (let u = 0; u < outWidth; u += 2) {
        if (t === 0) {
          firstN = n;
          firstV = v;
          firstU = u;
        }
        transformInput(image, inHeight, inWidth, inChannels, patch, v - top, u - left, inputs + t * inStep, inPlane); // biome-ignore format: one line
        t++;
        const isLast = n + 1 === batch && v + 2 >= outHeight && u + 2 >= outWidth;
        if (t < tiles && !isLast) continue;
        for (let k: usize = 0; k < 16; k++) {
          multiply(inputs + k * inPlane, inStep, scratch + k * filter, outStep, products + k * outPlane, outStep, t, inChannels, outChannels, false); // biome-ignore format: one line
        }
        writeTiles(products, y, outPlane, t, firstN, firstV, firstU, outHeight, outWidth, outStep);
        t = 0;
      }
    }
  }
}

/** Writes the outputs of a block of tiles. */
function writeTiles(
  products: usize,
  y: usize,
  plane: usize,
  tiles: usize,
  n: i32,
  v: i32,
  u: i32,
  height: i32,
  width: i32,
  step: usize,
): void {
  const row = <usize>width * step;
  for (let t: usize = 0; t < tiles; t++) {
    const to = y + <usize>((n * height + v) * width + u) * step;
    transformOutput(products, to, plane, row, step, u + 1 < width, v + 1 < height);
    products += step;
    u += 2;
    if (u >= width) {
      u = 0;
      v += 2;
      if (v >= height) {
        v = 0;
        n++;
      }
    }
  }
}

/** Writes Aᵀ m A of a tile of products [4, 4, outChannels], as far as it is inside of the output. */
function transformOutput(
  m: usize,
  to: usize,
  plane: usize,
  row: usize,
  step: usize,
  hasRight: bool,
  hasBelow: bool,
): void {
  for (let c: usize = 0; c < step; c += 16) {
    let p = m + c;
    const a0 = v128.load(p);
    const a1 = v128.load(p + plane);
    const a2 = v128.load(p + 2 * plane);
    const a3 = v128.load(p + 3 * plane);
    p += 4 * plane;
    const b0 = v128.load(p);
    const b1 = v128.load(p + plane);
    const b2 = v128.load(p + 2 * plane);
    const b3 = v128.load(p + 3 * plane);
    p += 4 * plane;
    const c0 = v128.load(p);
    const c1 = v128.load(p + plane);
    const c2 = v128.load(p + 2 * plane);
    const c3 = v128.load(p + 3 * plane);
    p += 4 * plane;
    // Rows of Aᵀ m: a + b + c, b − c − d.
    const s0 = f32x4.add(b0, c0);
    const s1 = f32x4.add(b1, c1);
    const s2 = f32x4.add(b2, c2);
    const s3 = f32x4.add(b3, c3);
    const u1 = f32x4.add(a1, s1);
    const u2 = f32x4.add(a2, s2);
    const q = to + c;
    v128.store(q, f32x4.add(f32x4.add(a0, s0), f32x4.add(u1, u2)));
    if (hasRight) v128.store(q + step, f32x4.sub(f32x4.sub(u1, u2), f32x4.add(a3, s3)));
    if (!hasBelow) continue;
    const v0 = f32x4.sub(f32x4.sub(b0, c0), v128.load(p));
    const v1 = f32x4.sub(f32x4.sub(b1, c1), v128.load(p + plane));
    const v2 = f32x4.sub(f32x4.sub(b2, c2), v128.load(p + 2 * plane));
    v128.store(q + row, f32x4.add(v0, f32x4.add(v1, v2)));
    if (!hasRight) continue;
    const v3 = f32x4.sub(f32x4.sub(b3, c3), v128.load(p + 3 * plane));
    v128.store(q + row + step, f32x4.sub(f32x4.sub(v1, v2), v3));
  }
}

/** out [4, 4, filter] of G w Gᵀ for w [3, 3, filter]. */
function transformFilter(w: usize, out: usize, filter: usize): void {
  for (let c: usize = 0; c < filter; c += 4) {
    const p = w + c;
    storeFilter(
      load<f32>(p),
      load<f32>(p + filter),
      load<f32>(p + 2 * filter),
      load<f32>(p + 3 * filter),
      load<f32>(p + 4 * filter),
      load<f32>(p + 5 * filter),
      load<f32>(p + 6 * filter),
      load<f32>(p + 7 * filter),
      load<f32>(p + 8 * filter),
      out + c,
      filter,
    );
  }
}

/** The same for the filter turned by 180° with its channels swapped: w is [3, 3, outChannels, inChannels]. */
function turnFilter(w: usize, out: usize, inChannels: usize, outChannels: usize): void {
  const filter = (inChannels * outChannels) << 2;
  for (let i: usize = 0; i < inChannels; i++) {
    for (let j: usize = 0; j < outChannels; j++) {
      const p = w + ((j * inChannels + i) << 2);
      storeFilter(
        load<f32>(p + 8 * filter),
        load<f32>(p + 7 * filter),
        load<f32>(p + 6 * filter),
        load<f32>(p + 5 * filter),
        load<f32>(p + 4 * filter),
        load<f32>(p + 3 * filter),
        load<f32>(p + 2 * filter),
        load<f32>(p + filter),
        load<f32>(p),
        out,
        filter,
      );
      out += 4;
    }
  }
}

/** Stores G w Gᵀ of one pair of channels. */
function storeFilter(
  w00: f32,
  w01: f32,
  w02: f32,
  w10: f32,
  w11: f32,
  w12: f32,
  w20: f32,
  w21: f32,
  w22: f32,
  out: usize,
  filter: usize,
): void {
  storeFilterRow(w00, w01, w02, out, filter);
  const s0 = HALF * (w00 + w20);
  const s1 = HALF * (w01 + w21);
  const s2 = HALF * (w02 + w22);
  storeFilterRow(s0 + HALF * w10, s1 + HALF * w11, s2 + HALF * w12, out + 4 * filter, filter);
  storeFilterRow(s0 - HALF * w10, s1 - HALF * w11, s2 - HALF * w12, out + 8 * filter, filter);
  storeFilterRow(w20, w21, w22, out + 12 * filter, filter);
}

/** Stores a row of three times Gᵀ. */
function storeFilterRow(a: f32, b: f32, c: f32, out: usize, filter: usize): void {
  const sum = HALF * (a + c);
  store<f32>(out, a);
  store<f32>(out + filter, sum + HALF * b);
  store<f32>(out + 2 * filter, sum - HALF * b);
  store<f32>(out + 3 * filter, c);
}
