import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkNumber, checkOptions } from "../../internal/checks.ts";
import { factorChannels, factorConvolutions } from "./factor-convolutions.ts";
import type { FactorParaphraserOptions } from "./factor-paraphraser.ts";
import { initialKernels } from "./initial-kernels.ts";

/** Options of {@link factorTranslator}. */
export interface FactorTranslatorOptions extends FactorParaphraserOptions {
  /** Channels of the student's maps. */
  studentChannels: number;
}

/**
 * The translator of factor transfer (FT), which is trained with the student: three 3×3 convolutions with
 * batch normalisation and leaky ReLU of slope 0.1, from the student's maps to factors with as many
 * channels as those of the {@link factorParaphraser} of the same `teacherChannels` and `rate`.
 *
 * Source: Kim, Park, Kwak, "Paraphrasing complex network: network compression via factor transfer",
 * NeurIPS 2018 (arXiv 1802.04977), section 3; the layers are those of RepDistiller.
 *
 * @param options Channels, rate and seed.
 * @returns A model of float32 [N, H, W, studentChannels] → [N, H, W, ⌊rate · teacherChannels⌋], any H and
 * W. In a custom loop, pass `training: true` to `apply`, so that the batch normalisation uses the
 * statistics of the batch.
 * @throws As {@link factorParaphraser}.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { factorTransferLoss } from "kd-cmi";
 * import { factorParaphraser, factorTranslator } from "kd-cmi/layers";
 *
 * const paraphraser = factorParaphraser({ teacherChannels: 8, seed: 1 }); // trained beforehand
 * const translator = factorTranslator({ studentChannels: 4, teacherChannels: 8, seed: 2 });
 * const [factors] = paraphraser.apply(tf.randomNormal([2, 4, 4, 8])) as tf.Tensor[];
 * const translated = translator.apply(tf.randomNormal([2, 4, 4, 4]), { training: true });
 * const loss = factorTransferLoss(factors!, translated as tf.Tensor);
 * ```
 */
export function factorTranslator(options: FactorTranslatorOptions): tfl.LayersModel {
  const fn = "factorTranslator";
  checkOptions(fn, options, ["studentChannels", "teacherChannels", "rate", "seed"]);
  const { studentChannels, teacherChannels, rate = 0.5, seed } = options;
  checkInteger(fn, "studentChannels", studentChannels, 1);
  checkInteger(fn, "teacherChannels", teacherChannels, 1);
  checkNumber(fn, "rate", rate, { above: 0, maximum: 1 });
  const width = factorChannels(teacherChannels, rate);
  const filters = [studentChannels, width, width];
  return tfl.sequential({
    layers: [
      tfl.layers.inputLayer({ inputShape: [null, null, studentChannels] }),
      ...factorConvolutions("conv2d", filters, initialKernels(fn, seed), true),
    ],
  });
}
