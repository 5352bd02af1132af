import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkOptions } from "../../internal/checks.ts";
import { initialKernels } from "./initial-kernels.ts";

/** Options of {@link overhaulConnector}. */
export interface OverhaulConnectorOptions {
  /** Channels of the student's maps. */
  studentChannels: number;
  /** Channels of the teacher's maps. */
  teacherChannels: number;
  /** An integer ≥ 0 that fixes the initial kernel; default random. */
  seed?: number | undefined;
}

/**
 * The trainable part of the overhaul of feature distillation (OFD): a 1×1 convolution without bias from
 * the student's channels to the teacher's, and batch normalisation. Initial kernels are normal with
 * variance 2 / teacherChannels.
 *
 * Source: Heo et al., "A comprehensive overhaul of feature distillation", ICCV 2019
 * (arXiv 1904.01866), section 3; the initial values are those of the authors' code.
 *
 * @param options Channels and seed.
 * @returns A model of float32 [N, H, W, studentChannels] → [N, H, W, teacherChannels], any H and W. In a
 * custom loop, pass `training: true` to `apply`, so that the batch normalisation uses the statistics of the
 * batch.
 * @throws If a number of channels is not an integer of at least 1, or the seed not one of at least 0.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { overhaulConnector } from "kd-cmi/layers";
 *
 * const connector = overhaulConnector({ studentChannels: 4, teacherChannels: 16, seed: 1 });
 * const maps = connector.apply(tf.randomNormal([2, 8, 8, 4]), { training: true }); // [2, 8, 8, 16]
 * ```
 */
export function overhaulConnector(options: OverhaulConnectorOptions): tfl.LayersModel {
  const fn = "overhaulConnector";
  checkOptions(fn, options, ["studentChannels", "teacherChannels", "seed"]);
  const { studentChannels, teacherChannels, seed } = options;
  checkInteger(fn, "studentChannels", studentChannels, 1);
  checkInteger(fn, "teacherChannels", teacherChannels, 1);
  const nextKernel = initialKernels(fn, seed);
  const stddev = Math.sqrt(2 / teacherChannels);
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        filters: teacherChannels,
        kernelSize: 1,
        useBias: false,
        kernelInitializer: nextKernel((args) => tfl.initializers.randomNormal({ ...args, stddev })),
        inputShape: [null, null, studentChannels],
      }),
      tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }),
    ],
  });
}
