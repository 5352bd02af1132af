import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions, checkSampleShape } from "../../internal/checks.ts";
import { initialKernels } from "./initial-kernels.ts";
import { matchMaps } from "./match-maps.ts";

/** Options of {@link boundaryConnector}. */
export interface BoundaryConnectorOptions {
  /** Shape of the student's maps before the ReLU, without the batch: [height, width, channels]. */
  studentShape: readonly number[];
  /** Shape of the teacher's maps before the ReLU: [height, width, channels]. */
  teacherShape: readonly number[];
  /** An integer ≥ 0 that fixes the initial kernels; default random. */
  seed?: number | undefined;
}

const SIZES = ["height", "width", "channels"] as const;

/**
 * The trainable part of activation boundaries (AB): a convolution that maps the student's maps to the
 * shape of the teacher's, as that of `hintRegressor`, and batch normalisation. It has no ReLU, since
 * `activationBoundaryLoss` compares values before it.
 *
 * Source: Heo et al., "Knowledge transfer via distillation of activation boundaries formed by hidden
 * neurons", AAAI 2019 (arXiv 1811.03233), the connector function; the convolutions are those of
 * RepDistiller.
 *
 * @param options The two shapes and the seed.
 * @returns A model of float32 [N, …studentShape] → [N, …teacherShape], of any sign. In a custom loop, pass
 * `training: true` to `apply`, so that the batch normalisation uses the statistics of the batch.
 * @throws If a shape is not three integers of at least 1, or the seed is not an integer of at least 0.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { boundaryConnector } from "kd-cmi/layers";
 *
 * const connector = boundaryConnector({ studentShape: [8, 8, 4], teacherShape: [8, 8, 16], seed: 1 });
 * const maps = connector.apply(tf.randomNormal([2, 8, 8, 4]), { training: true }); // [2, 8, 8, 16]
 * ```
 */
export function boundaryConnector(options: BoundaryConnectorOptions): tfl.LayersModel {
  const fn = "boundaryConnector";
  checkOptions(fn, options, ["studentShape", "teacherShape", "seed"]);
  const { studentShape, teacherShape, seed } = options;
  checkSampleShape(fn, "studentShape", studentShape, SIZES);
  checkSampleShape(fn, "teacherShape", teacherShape, SIZES);
  return tfl.sequential({
    layers: [
      ...matchMaps(studentShape, teacherShape, initialKernels(fn, seed)),
      tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }),
    ],
  });
}
