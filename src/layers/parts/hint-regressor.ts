import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions, checkSampleShape } from "../../internal/checks.ts";
import { initialKernels } from "./initial-kernels.ts";
import { matchMaps } from "./match-maps.ts";

/** Options of {@link hintRegressor}. */
export interface HintRegressorOptions {
  /** Shape of the student's maps, without the batch: [height, width, channels]. */
  studentShape: readonly number[];
  /** Shape of the teacher's maps: [height, width, channels]. */
  teacherShape: readonly number[];
  /** An integer ≥ 0 that fixes the initial kernels; default random. */
  seed?: number | undefined;
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
 * @param options The two shapes and the seed.
 * @returns A model of float32 [N, …studentShape] → [N, …teacherShape]. In a custom loop, pass
 * `training: true` to `apply`, so that the batch normalisation uses the statistics of the batch.
 * @throws If a shape is not three integers of at least 1, or the seed is not an integer of at least 0.
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
  checkOptions("hintRegressor", options, ["studentShape", "teacherShape", "seed"]);
  const { studentShape, teacherShape, seed } = options;
  checkSampleShape("hintRegressor", "studentShape", studentShape, SIZES);
  checkSampleShape("hintRegressor", "teacherShape", teacherShape, SIZES);
  return tfl.sequential({
    layers: [
      ...matchMaps(studentShape, teacherShape, initialKernels("hintRegressor", seed)),
      tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }),
      tfl.layers.reLU(),
    ],
  });
}
