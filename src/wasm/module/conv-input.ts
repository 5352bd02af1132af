import { multiply } from "./products";

/**
 * dx[v·strideY + ky − top, u·strideX + kx − left, i] += Σ_j dy[v, u, j] · w[ky, kx, i, j] of each image: the
 * gradient of a 2-D convolution by its input, NHWC. Each row of positions is a product for each tap.
 *
 * @param w Turned so that a product reads rows: [height, width, outChannels, inChannels].
 */
export function convInputGrad(
  dy: usize,
  w: usize,
  dx: usize,
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
  memory.fill(dx, 0, <usize>(batch * inHeight * inWidth) * xStep);
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
          multiply(
            row + <usize>first * dyStep,
            dyStep,
            w + <usize>(ky * width + kx) * xStep * outChannels,
            xStep,
            dx + <usize>((n * inHeight + y) * inWidth + column) * xStep,
            <usize>strideX * xStep,
            <usize>(end - first),
            outChannels,
            inChannels,
            true,
          );
        }
      }
    }
  }
}

/**
 * {@link convInputGrad} for few channels of the input: one product for an image gives the pixels under all taps
 * of each position, [positions, columns], which are then added up. The products of single taps would have
 * too few columns.
 *
 * @param w Turned: [outChannels, columns], with a column for each entry of [height, width, inChannels] and
 * zeros up to a multiple of 4.
 * @param patches Scratch for the pixels of an image.
 */
export function convInputGradOfPatches(
  dy: usize,
  w: usize,
  dx: usize,
  patches: usize,
  columns: usize,
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
  const step = columns << 2;
  const area = <usize>(outHeight * outWidth);
  memory.fill(dx, 0, <usize>(batch * inHeight * inWidth) * xStep);
  for (let n = 0; n < batch; n++) {
    multiply(dy, dyStep, w, step, patches, step, area, outChannels, columns, false);
    let patch = patches;
    for (let v = 0; v < outHeight; v++) {
      const firstY = v * strideY - top;
      for (let u = 0; u < outWidth; u++) {
        const firstX = u * strideX - left;
        const fromX = max(0, -firstX);
        const toX = min(width, inWidth - firstX);
        for (let ky = max(0, -firstY); ky < min(height, inHeight - firstY); ky++) {
          // The taps of a row read neighbouring pixels.
          const to = dx + <usize>((firstY + ky) * inWidth + firstX + fromX) * xStep;
          const from = patch + <usize>(ky * width + fromX) * xStep;
          for (let i: usize = 0; i < <usize>max(0, toX - fromX) * xStep; i += 4) {
            store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
          }
        }
        patch += step;
      }
    }
    dy += area * dyStep;
    dx += <usize>(inHeight * inWidth) * xStep;
  }
}

/** The first position u ≥ 0 with u · stride ≥ shift. */
export function firstInside(shift: i32, stride: i32): i32 {
  return shift <= 0 ? 0 : (shift + stride - 1) / stride;
}

/** The first position u ≤ count with u · stride − shift ≥ size. */
export function endInside(shift: i32, stride: i32, size: i32, count: i32): i32 {
  const reach = size + shift;
  return reach <= 0 ? 0 : min(count, (reach + stride - 1) / stride);
}
