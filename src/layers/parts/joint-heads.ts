import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkOptions, checkSampleShape } from "../../internal/checks.ts";
import { connectHeads } from "./connect-heads.ts";
import type { SelfSupervisedHeadsOptions } from "./self-supervised-heads.ts";

/** Options of {@link jointHeads}. */
export interface JointHeadsOptions extends SelfSupervisedHeadsOptions {
  /**
   * The shapes of a sample's features, from the input of the network to its output, at least one:
   * [height, width, channels] or [D].
   */
  featureShapes: readonly (readonly number[])[];
  /** C, the number of classes. */
  numClasses: number;
}

/**
 * The auxiliary heads of HSAKD as a model of their own, for features that a {@link Distiller} or a
 * {@link featureExtractor} computes. Each head maps features to joint logits of class and rotation, 4C for
 * C classes (`jointLabels`). {@link selfSupervisedHeads} adds the same heads to a classifier.
 *
 * Source: Yang et al., "Hierarchical self-supervised augmented knowledge distillation", IJCAI 2021
 * (arXiv 2107.13715), section 3.
 *
 * @param options Shapes, number of classes, custom layers and seed.
 * @returns A model of the features, a list of float32 [N, …featureShapes[l]], that returns a list of
 * [N, 4C]. A single shape has tensors instead of lists. In a custom loop, pass `training: true` to `apply`,
 * so that the batch normalisation uses the statistics of the batch.
 * @throws If a shape is not one or three integers of at least 1, there is none, or another option is not
 * as described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { jointHeads } from "kd-cmi/layers";
 *
 * const heads = jointHeads({ featureShapes: [[8, 8, 4], [4, 4, 8]], numClasses: 3, seed: 1 });
 * const maps = [tf.randomNormal([8, 8, 8, 4]), tf.randomNormal([8, 4, 4, 8])];
 * const [low, high] = heads.apply(maps, { training: true }) as tf.Tensor[]; // [8, 12], [8, 12]
 * ```
 */
export function jointHeads(options: JointHeadsOptions): tfl.LayersModel {
  const fn = "jointHeads";
  checkOptions(fn, options, ["featureShapes", "numClasses", "branch", "seed"]);
  const { featureShapes, numClasses, ...others } = options;
  checkInteger(fn, "numClasses", numClasses, 1);
  if (!Array.isArray(featureShapes) || featureShapes.length === 0) {
    throw new Error(
      `${fn}: featureShapes must be a list of at least 1 shape, got ${featureShapes}`,
    );
  }
  for (const [i, shape] of featureShapes.entries()) {
    const sizes = shape?.length === 1 ? ["size"] : ["height", "width", "channels"];
    checkSampleShape(fn, `featureShapes[${i}]`, shape, sizes);
  }
  const inputs = featureShapes.map((shape) => tfl.input({ shape: [...shape] }));
  return tfl.model({ inputs, outputs: connectHeads(fn, inputs, [], numClasses, others) });
}
