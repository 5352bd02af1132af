import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions, checkSampleShape } from "../../internal/checks.ts";

/** Options of {@link hintRegressor}. */
export interface HintRegressorOptions {
  /** Shape of the student's maps, without the batch: [height, width, channels]. */
  studentShape: readonly number[];
  /** Shape of the teacher's maps: [height, width, channels]. */
  teacherShape: readonly number[];
}

const SIZES = ["height", "width", "channels"] as const;

/**
 * The trainable part of FitNet: a convolution that maps the student's maps to the shape of the
 * teacher's, batch normalisation and ReLU. The convolution depends on the sizes of the maps:
 * - equal: 1×1;
 * - student twice as large: 3×3 with stride 2;
 * - student half as large: 4×4, transposed, with stride 2;
 * - student larger otherwise: without padding, as large as the difference plus 1;
 * - student smaller otherwise: transposed, without padding, with the largest stride that fits;
 * - student larger along one axis and smaller along the other: the last two, one after the other.
 *
 * Source: Romero et al., "FitNets: hints for thin deep nets", ICLR 2015 (arXiv 1412.6550), section
 * 2.2; the convolutions of the first four cases are those of RepDistiller.
 *
 * @param options The two shapes.
 * @returns A model of float32 [N, …studentShape] → [N, …teacherShape]. In a custom loop, pass
 * `training: true` to `apply`, so that the batch normalisation uses the statistics of the batch.
 * @throws If a shape is not three integers of at least 1.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { hintRegressor } from "kd-cmi/layers";
 *
 * const regressor = hintRegressor({ studentShape: [16, 16, 8], teacherShape: [8, 8, 32] });
 * const hint = regressor.apply(tf.randomNormal([2, 16, 16, 8]), { training: true }); // [2, 8, 8, 32]
 * ```
 */
export function hintRegressor(options: HintRegressorOptions): tfl.LayersModel {
  checkOptions("hintRegressor", options, ["studentShape", "teacherShape"]);
  const { studentShape, teacherShape } = options;
  checkSampleShape("hintRegressor", "studentShape", studentShape, SIZES);
  checkSampleShape("hintRegressor", "teacherShape", teacherShape, SIZES);
  return tfl.sequential({
    layers: [
      ...match(studentShape, teacherShape),
      tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }),
      tfl.layers.reLU(),
    ],
  });
}

/** The layers that change the shape. */
function match(student: readonly number[], teacher: readonly number[]): tfl.layers.Layer[] {
  const [height = 0, width = 0] = student;
  const [h = 0, w = 0, filters = 0] = teacher;
  const inputShape = [...student];
  if (height === 2 * h && width === 2 * w) {
    return [
      tfl.layers.zeroPadding2d({ padding: 1, inputShape }), // "same" pads at one end only
      tfl.layers.conv2d({ filters, kernelSize: 3, strides: 2 }),
    ];
  }
  if (2 * height === h && 2 * width === w) {
    const config = { filters, kernelSize: 4, strides: 2, padding: "same", inputShape } as const;
    return [tfl.layers.conv2dTranspose(config)];
  }
  const shrinks = height > h || width > w;
  const grows = height < h || width < w;
  const kernelSize: [number, number] = [1 + Math.max(0, height - h), 1 + Math.max(0, width - w)];
  const shrinking = tfl.layers.conv2d({ filters, kernelSize, inputShape });
  if (!grows) return [shrinking];
  const [rows, columns] = [growth(height, h), growth(width, w)];
  const growing = tfl.layers.conv2dTranspose({
    filters,
    kernelSize: [rows.kernel, columns.kernel],
    strides: [rows.stride, columns.stride],
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
