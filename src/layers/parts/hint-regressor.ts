import * as tfl from "@tensorflow/tfjs-layers";
import { checkSampleShape } from "../../internal/checks.ts";

/** Options of {@link hintRegressor}. */
export interface HintRegressorOptions {
  /** Of the student's maps, without the batch: [height, width, channels]. */
  studentShape: readonly number[];
  /** Of the teacher's maps: [height, width, channels]. */
  teacherShape: readonly number[];
}

const SIZES = ["height", "width", "channels"] as const;

/**
 * The trainable part of FitNet: a convolution that brings the student's maps to the shape of the
 * teacher's, batch normalisation and ReLU. By their sizes, the convolution is
 * - 1×1 where they are equal;
 * - 3×3 with stride 2 where the student's are twice the teacher's;
 * - 4×4, transposed, with stride 2 where they are half the teacher's;
 * - without padding and as large as the difference, plus 1, where they are larger otherwise.
 *
 * Source: Romero et al., "FitNets: hints for thin deep nets", ICLR 2015 (arXiv 1412.6550), section
 * 2.2; the convolutions are those of RepDistiller.
 *
 * @param options The two shapes.
 * @returns A model of float32 [N, …studentShape] → [N, …teacherShape]. Give `training: true` to
 * `apply` in a loop of your own, so that the batch is normalised by itself.
 * @throws If a shape is not three integers of at least 1, or if the student's maps are smaller than
 * the teacher's in a direction, but not half as large in both.
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
export function hintRegressor({
  studentShape,
  teacherShape,
}: HintRegressorOptions): tfl.LayersModel {
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
  const [height, width] = student as [number, number, number];
  const [h, w, filters] = teacher as [number, number, number];
  const inputShape = [...student];
  if (height === 2 * h && width === 2 * w) {
    return [
      tfl.layers.zeroPadding2d({ padding: 1, inputShape }), // "same" would pad at one end only
      tfl.layers.conv2d({ filters, kernelSize: 3, strides: 2 }),
    ];
  }
  if (2 * height === h && 2 * width === w) {
    const config = { filters, kernelSize: 4, strides: 2, padding: "same", inputShape } as const;
    return [tfl.layers.conv2dTranspose(config)];
  }
  if (height >= h && width >= w) {
    const kernelSize: [number, number] = [1 + height - h, 1 + width - w];
    return [tfl.layers.conv2d({ filters, kernelSize, inputShape })];
  }
  throw new Error(
    `hintRegressor: studentShape must be as large as teacherShape [${teacher}] or half as large, got [${student}]`,
  );
}
