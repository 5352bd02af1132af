import { endInside, firstInside } from "./conv-input";

/**
 * The gradient of a depthwise convolution by its filter, NHWC: dw[ky, kx, c] = Σ over images and positions
 * (v, u) of x[v·strideY + ky·dilationY − top, u·strideX + kx·dilationX − left, c] · dy[v, u, c].
 */
export function depthwiseFilterGrad(
  x: usize,
  dy: usize,
  dw: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  height: i32,
  width: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  top: i32,
  left: i32,
): void {
  const step = (<usize>channels) << 2;
  memory.fill(dw, 0, <usize>(height * width) * step);
  for (let n = 0; n < batch; n++) {
    for (let v = 0; v < outHeight; v++) {
      const row = dy + <usize>((n * outHeight + v) * outWidth) * step;
      for (let ky = 0; ky < height; ky++) {
        const y = v * strideY + ky * dilationY - top;
        if (y < 0 || y >= inHeight) continue;
        for (let kx = 0; kx < width; kx++) {
          const shift = left - kx * dilationX;
          const first = firstInside(shift, strideX);
          const end = endInside(shift, strideX, inWidth, outWidth);
          if (first >= end) continue;
          const column = first * strideX - shift;
          addRowProducts(
            x + <usize>((n * inHeight + y) * inWidth + column) * step,
            <usize>strideX * step,
            row + <usize>first * step,
            dw + <usize>(ky * width + kx) * step,
            <usize>(end - first),
            step,
          );
        }
      }
    }
  }
}

/** sums[c] += Σ_u x[u, c] · dy[u, c]. */
function addRowProducts(
  x: usize,
  xStep: usize,
  dy: usize,
  sums: usize,
  count: usize,
  step: usize,
): void {
  let c: usize = 0;
  for (; c + 32 <= step; c += 32) {
    let from = x + c;
    let by = dy + c;
    let s0 = v128.load(sums + c);
    let s1 = v128.load(sums + c, 16);
    for (let u: usize = 0; u < count; u++) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(from), v128.load(by)));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(from, 16), v128.load(by, 16)));
      from += xStep;
      by += step;
    }
    v128.store(sums + c, s0);
    v128.store(sums + c, s1, 16);
  }
  for (; c < step; c += 4) {
    let from = x + c;
    let by = dy + c;
    let s = load<f32>(sums + c);
    for (let u: usize = 0; u < count; u++) {
      s += load<f32>(from) * load<f32>(by);
      from += xStep;
      by += step;
    }
    store<f32>(sums + c, s);
  }
}

/**
 * The gradient of a depthwise convolution by its input, NHWC: each dy[v, u, c] · w[ky, kx, c] is added to the
 * pixel that the tap reads.
 */
export function depthwiseInputGrad(
  dy: usize,
  w: usize,
  dx: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  height: i32,
  width: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  top: i32,
  left: i32,
): void {
  const step = (<usize>channels) << 2;
  memory.fill(dx, 0, <usize>(batch * inHeight * inWidth) * step);
  for (let n = 0; n < batch; n++) {
    for (let v = 0; v < outHeight; v++) {
      const row = dy + <usize>((n * outHeight + v) * outWidth) * step;
      for (let ky = 0; ky < height; ky++) {
        const y = v * strideY + ky * dilationY - top;
        if (y < 0 || y >= inHeight) continue;
        for (let kx = 0; kx < width; kx++) {
          const shift = left - kx * dilationX;
          const first = firstInside(shift, strideX);
          const end = endInside(shift, strideX, inWidth, outWidth);
          if (first >= end) continue;
          const column = first * strideX - shift;
          addScaledRows(
            row + <usize>first * step,
            w + <usize>(ky * width + kx) * step,
            dx + <usize>((n * inHeight + y) * inWidth + column) * step,
            <usize>strideX * step,
            <usize>(end - first),
            step,
          );
        }
      }
    }
  }
}

/** dx[u, c] += dy[u, c] · w[c]. */
function addScaledRows(
  dy: usize,
  w: usize,
  dx: usize,
  dxStep: usize,
  count: usize,
  step: usize,
): void {
  const vectors = step & ~15;
  for (let u: usize = 0; u < count; u++) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const product = f32x4.mul(v128.load(dy + c), v128.load(w + c));
      v128.store(dx + c, f32x4.add(v128.load(dx + c), product));
    }
    for (; c < step; c += 4) {
      store<f32>(dx + c, load<f32>(dx + c) + load<f32>(dy + c) * load<f32>(w + c));
    }
    dy += step;
    dx += dxStep;
  }
}
