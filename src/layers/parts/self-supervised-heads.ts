import * as tfl from "@tensorflow/tfjs-layers";
import { outputsOf } from "../model/feature-extractor.ts";

/** Options of {@link selfSupervisedHeads}. */
export interface SelfSupervisedHeadsOptions {
  /**
   * The layers of a head before pooling and logits; `index` counts the heads from 0. The authors
   * repeat the stages of the network that follow the feature maps.
   *
   * Default for feature maps: convolutions of 3×3 without bias, each with batch normalisation and
   * ReLU, one for each head behind, which halves the size and doubles the channels; the last head has
   * one that keeps both. Default for features [N, D]: none.
   */
  branch?: ((features: tfl.SymbolicTensor, index: number) => tfl.SymbolicTensor) | undefined;
}

/**
 * The auxiliary heads of HSAKD on a classifier: each takes the features of a layer and ends in the
 * logits of class and rotation together, 4C for C classes (`jointLabels`).
 *
 * The result shares the classifier's layers, so that training one trains the other. With
 * `classifier.trainable = false` only the heads learn.
 *
 * Source: Yang et al., "Hierarchical self-supervised augmented knowledge distillation", IJCAI 2021
 * (arXiv 2107.13715), section 3.
 *
 * @param model A `tf.layers` classifier with one output, logits [N, C].
 * @param layerNames Layers of the model, from the input to the output, at least one: feature maps
 * [N, H, W, channels] or features [N, D].
 * @param options Other layers for the heads.
 * @returns A model with the same inputs and the outputs [logits, …heads]: [N, C], then [N, 4C] for
 * each name. Its input is a batch that `rotateBatch` has rotated, so N is 4 times the images. Give
 * `training: true` to `apply` in a loop of your own, so that a batch is normalised by itself.
 * @throws If the model has not a single output of rank 2, if the list is empty or a name not in the
 * model, or if features are of another rank than 2 or 4.
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
  { branch }: SelfSupervisedHeadsOptions = {},
): tfl.LayersModel {
  const classes = model.outputs.length === 1 ? model.outputs[0]!.shape[1] : undefined;
  if (!classes || model.outputs[0]!.rank !== 2) {
    const got = model.outputs.map(({ shape }) => `[${shape}]`).join(", ");
    throw new Error(`selfSupervisedHeads: model must have one output [batch,classes], got ${got}`);
  }
  const heads = outputsOf("selfSupervisedHeads", model, layerNames).map((features, index) => {
    if (features.rank !== 2 && features.rank !== 4) {
      throw new Error(
        `selfSupervisedHeads: layerNames[${index}] must give features of rank 2 or 4, got ${layerNames[index]} of [${features.shape}]`,
      );
    }
    const behind = layerNames.length - 1 - index;
    const own = branch ? branch(features, index) : convolutions(features, behind);
    const pool = tfl.layers.globalAveragePooling2d({});
    const row = own.rank === 4 ? apply(pool, own) : own;
    return apply(tfl.layers.dense({ units: 4 * classes }), row);
  });
  return tfl.model({ inputs: model.inputs, outputs: [...model.outputs, ...heads] });
}

const apply = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor) =>
  layer.apply(x) as tfl.SymbolicTensor;

/** The default layers of a head with some heads behind it. */
function convolutions(features: tfl.SymbolicTensor, behind: number): tfl.SymbolicTensor {
  if (features.rank === 2) return features;
  const channels = features.shape[3]!;
  if (behind === 0) return convolution(features, channels, 1);
  const widths = Array.from({ length: behind }, (_, i) => channels * 2 ** (i + 1));
  return widths.reduce((x, filters) => convolution(x, filters, 2), features);
}

function convolution(x: tfl.SymbolicTensor, filters: number, strides: number) {
  const config = { kernelSize: 3, padding: "same", useBias: false } as const;
  const kernelInitializer = "heNormal";
  const maps = apply(tfl.layers.conv2d({ ...config, filters, strides, kernelInitializer }), x);
  const normalized = apply(tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }), maps);
  return apply(tfl.layers.reLU(), normalized);
}
