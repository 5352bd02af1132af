import * as tfl from "@tensorflow/tfjs-layers";
import type { NextKernel } from "./initial-kernels.ts";

/**
 * The layers of a convolution that maps the student's maps to the shape of the teacher's. It depends on
 * the sizes of the maps:
 * - equal: 1×1;
 * - student twice as large: 3×3 with stride 2;
 * - student half as large: 4×4, transposed, with stride 2;
 * - student larger otherwise: without padding, as large as the difference plus 1;
 * - student smaller otherwise: transposed, without padding, with the largest stride that fits;
 * - student larger along one axis and smaller along the other: the last two, one after the other.
 */
export function matchMaps(
  student: readonly number[],
  teacher: readonly number[],
  nextKernel: NextKernel,
): tfl.layers.Layer[] {
  const [height = 0, width = 0] = student;
  const [h = 0, w = 0, filters = 0] = teacher;
  const inputShape = [...student];
  const kernelInitializer = nextKernel();
  if (height === 2 * h && width === 2 * w) {
    return [
      tfl.layers.zeroPadding2d({ padding: 1, inputShape }), // "same" pads at one end only
      tfl.layers.conv2d({ filters, kernelSize: 3, strides: 2, kernelInitializer }),
    ];
  }
  if (2 * height === h && 2 * width === w) {
    const config = { filters, kernelSize: 4, strides: 2, padding: "same", inputShape } as const;
    return [tfl.layers.conv2dTranspose({ ...config, kernelInitializer })];
  }
  const shrinks = height > h || width > w;
  const grows = height < h || width < w;
  const kernelSize: [number, number] = [1 + Math.max(0, height - h), 1 + Math.max(0, width - w)];
  const shrinking = tfl.layers.conv2d({ filters, kernelSize, inputShape, kernelInitializer });
  if (!grows) return [shrinking];
  const [rows, columns] = [growth(height, h), growth(width, w)];
  const growing = tfl.layers.conv2dTranspose({
    filters,
    kernelSize: [rows.kernel, columns.kernel],
    strides: [rows.stride, columns.stride],
    kernelInitializer: shrinks ? nextKernel() : kernelInitializer,
    ...(!shrinks && { inputShape }),
  });
  return shrinks ? [shrinking, growing] : [growing];
}

/** A transposed convolution without padding from one size to a size that is not smaller. */
function growth(from: number, to: number): { kernel: number; stride: number } {
  if (from >= to) return { kernel: 1, stride: 1 };
  const stride = Math.floor(to / from); // at most the kernel size, so that no position is left out
  return { kernel: to - (from - 1) * stride, stride };
}
