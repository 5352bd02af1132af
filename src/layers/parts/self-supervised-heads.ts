import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions } from "../../internal/checks.ts";
import { checkModel, checkNames } from "../model/check-model.ts";
import { outputsOf } from "../model/feature-extractor.ts";
import type { Links } from "../model/graph.ts";
import { modelOf } from "../model/path-outputs.ts";
import { connectHeads } from "./connect-heads.ts";

/** Options of {@link selfSupervisedHeads}. */
export interface SelfSupervisedHeadsOptions {
  /**
   * Builds the layers of a head before pooling and logits; `index` counts the heads from 0. The
   * authors repeat the stages of the network that follow the feature maps.
   *
   * Default for feature maps: 3×3 convolutions without bias, each with batch normalisation and ReLU.
   * There is one for each later head, which halves the size and doubles the channels. The last head
   * has one that preserves both. Default for features [N, D]: none.
   */
  branch?: ((features: tfl.SymbolicTensor, index: number) => tfl.SymbolicTensor) | undefined;
  /** An integer ≥ 0 that fixes the initial kernels, except those of `branch`; default random. */
  seed?: number | undefined;
}

/**
 * Adds the auxiliary heads of HSAKD to a classifier. Each head maps the features of a layer to joint
 * logits of class and rotation, 4C for C classes (`jointLabels`).
 *
 * {@link jointHeads} builds the heads alone, for features that are outputs of other models.
 *
 * The result shares the classifier's layers, so training one trains the other. With
 * `classifier.trainable = false` only the heads are trained.
 *
 * Source: Yang et al., "Hierarchical self-supervised augmented knowledge distillation", IJCAI 2021
 * (arXiv 2107.13715), section 3.
 *
 * @param model A `tf.layers` classifier with one output, logits [N, C].
 * @param layerNames Layers of the model, from the input to the output, at least one: feature maps
 * [N, H, W, channels] or features [N, D]. A path such as `backbone/conv4` names a layer of a nested
 * model. `save` does not support a model with paths: keep its weights by `getWeights`.
 * @param options Custom layers for the heads, and the seed.
 * @returns A model with the same inputs and the outputs [logits, …heads]: [N, C], then [N, 4C] for
 * each name. Its input is a batch rotated by `rotateBatch`, so N is 4 times the number of images. In a
 * custom loop, pass `training: true` to `apply`, so that the batch normalisation uses the statistics
 * of the batch.
 * @throws If the model does not have a single output of rank 2, if the list is empty or a name is not
 * in the model, if the rank of features is neither 2 nor 4, or if
 * the seed is not an integer of at least 0.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { rotateBatch } from "kd-cmi";
 * import { selfSupervisedHeads } from "kd-cmi/layers";
 *
 * const classifier = tfl.sequential({
 *   layers: [
 *     tfl.layers.conv2d({ name: "early", filters: 4, kernelSize: 3, inputShape: [8, 8, 1] }),
 *     tfl.layers.conv2d({ name: "late", filters: 8, kernelSize: 3, strides: 2 }),
 *     tfl.layers.globalAveragePooling2d({}),
 *     tfl.layers.dense({ units: 3 }),
 *   ],
 * });
 * const model = selfSupervisedHeads(classifier, ["early", "late"]);
 * const rotated = rotateBatch(tf.randomNormal([2, 8, 8, 1]));
 * const [logits, ...heads] = model.apply(rotated) as tf.Tensor[]; // [8, 3], [8, 12], [8, 12]
 * ```
 */
export function selfSupervisedHeads(
  model: tfl.LayersModel,
  layerNames: readonly string[],
  options: SelfSupervisedHeadsOptions = {},
): tfl.LayersModel {
  checkOptions("selfSupervisedHeads", options, ["branch", "seed"]);
  checkModel("selfSupervisedHeads", "model", model);
  checkNames("selfSupervisedHeads", "layerNames", layerNames);
  const [output, ...others] = model.outputs;
  const classes = output?.rank === 2 && others.length === 0 ? output.shape[1] : undefined;
  if (!classes) {
    const got = model.outputs.map(({ shape }) => `[${shape}]`).join(", ");
    throw new Error(`selfSupervisedHeads: model must have one output [batch,classes], got ${got}`);
  }
  const links: Links = new Map();
  const named = outputsOf("selfSupervisedHeads", model, layerNames, links);
  // Outputs of layers in nested models are no tensors of the model's own graph.
  const all = [output, ...named] as tfl.SymbolicTensor[];
  const [logits, ...outputs] =
    links.size > 0 ? modelOf("selfSupervisedHeads", model, all, links).outputs : all;
  const heads = connectHeads("selfSupervisedHeads", outputs, layerNames, classes, options);
  return tfl.model({ inputs: model.inputs, outputs: [logits as tfl.SymbolicTensor, ...heads] });
}
