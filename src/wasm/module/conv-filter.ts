import { endInside, firstInside } from "./conv-input";
import { addOuterProducts } from "./products";

/** Positions of a pointwise convolution that stay in the cache. */
const POSITIONS: usize = 128;

/**
 * dw[ky, kx, i, j] += Σ over images and positions (v, u) of x[v·strideY + ky − top, u·strideX + kx − left, i] ·
 * dy[v, u, j]: the gradient of a 2-D convolution by its filter, NHWC. Each row of positions is a sum of
 * outer products for each tap.
 */
export function convFilterGrad(
  x: usize,
  dy: usize,
  dw: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  height: i32,
  width: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
): void {
  const xStep = (<usize>inChannels) << 2;
  const dyStep = (<usize>outChannels) << 2;
  for (let n = 0; n < batch; n++) {
    for (let v = 0; v < outHeight; v++) {
      const row = dy + <usize>((n * outHeight + v) * outWidth) * dyStep;
      for (let ky = 0; ky < height; ky++) {
        const y = v * strideY + ky - top;
        if (y < 0 || y >= inHeight) continue;
        for (let kx = 0; kx < width; kx++) {
          const shift = left - kx;
          const first = firstInside(shift, strideX);
          const end = endInside(shift, strideX, inWidth, outWidth);
          if (first >= end) continue;
          const column = first * strideX - shift;
          addOuterProducts(
            x + <usize>((n * inHeight + y) * inWidth + column) * xStep,
            <usize>strideX * xStep,
            row + <usize>first * dyStep,
            dyStep,
            dw + <usize>(ky * width + kx) * xStep * outChannels,
            dyStep,
            <usize>(end - first),
            inChannels,
            outChannels,
          );
        }
      }
    }
  }
}

/** dw[i, j] += Σ_p x[p, i] · dy[p, j]: the same for a pointwise convolution at stride 1. */
export function pointwiseFilterGrad(
  x: usize,
  dy: usize,
  dw: usize,
  positions: usize,
  inChannels: usize,
  outChannels: usize,
): void {
  const xStep = inChannels << 2;
  const dyStep = outChannels << 2;
  for (let p: usize = 0; p < positions; p += POSITIONS) {
    const count = min(POSITIONS, positions - p);
    const from = x + p * xStep;
    const by = dy + p * dyStep;
    addOuterProducts(from, xStep, by, dyStep, dw, dyStep, count, inChannels, outChannels);
  }
}
